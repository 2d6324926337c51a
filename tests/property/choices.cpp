// SPDX-License-Identifier: Apache-2.0
#include "choices.hpp"

#include <algorithm>

namespace hardened::property {

std::uint8_t Choices::byte() {
  std::uint8_t value = 0;
  if (random_) {
    value = static_cast<std::uint8_t>((*random_)());
  } else if (taken_.size() < given_.size()) {
    value = given_[taken_.size()];
  }
  taken_.push_back(value);
  return value;
}

std::size_t Choices::below(std::size_t count) {
  if (count < 2) return 0;
  std::size_t value = byte();
  if (count > 256) value = value << 8 | byte();
  return value % count;
}

namespace {

class Shrinker {
 public:
  Shrinker(Bytes bytes, const std::function<bool(const Bytes&)>& fails, std::size_t tries)
      : bytes_(std::move(bytes)), fails_(fails), left_(tries) {}

  Bytes shrunk() {
    do {
      improved_ = false;
      for (std::size_t length = std::max<std::size_t>(1, bytes_.size() / 2); length > 0;
           length /= 2) {
        leave_out(length);
      }
      lower();
    } while (improved_ && left_ > 0);
    return bytes_;
  }

 private:
  bool keep_if_failing(Bytes candidate) {
    if (left_ == 0) return false;
    --left_;
    if (!fails_(candidate)) return false;
    bytes_ = std::move(candidate);
    improved_ = true;
    return true;
  }

  void leave_out(std::size_t length) {
    // From the end: what was decided last depends on the least.
    for (std::size_t end = bytes_.size(); end >= length && left_ > 0;) {
      Bytes candidate = bytes_;
      const auto from = candidate.begin() + static_cast<std::ptrdiff_t>(end - length);
      candidate.erase(from, from + static_cast<std::ptrdiff_t>(length));
      keep_if_failing(std::move(candidate));
      end -= std::min(end, length);
    }
  }

  void lower() {
    for (std::size_t index = bytes_.size(); index-- > 0 && left_ > 0;) {
      const int now = bytes_[index];
      for (const int smaller : {0, now / 2, now - 1}) {
        if (smaller < 0 || smaller >= now) continue;
        Bytes candidate = bytes_;
        candidate[index] = static_cast<std::uint8_t>(smaller);
        if (keep_if_failing(std::move(candidate))) break;
      }
    }
    // Zeros at the end are what lies beyond it anyway.
    while (!bytes_.empty() && bytes_.back() == 0) bytes_.pop_back();
  }

  Bytes bytes_;
  const std::function<bool(const Bytes&)>& fails_;
  std::size_t left_;
  bool improved_ = false;
};

}  // namespace

Bytes shrink(Bytes failing, const std::function<bool(const Bytes&)>& fails, std::size_t tries) {
  return Shrinker(std::move(failing), fails, tries).shrunk();
}

}  // namespace hardened::property
