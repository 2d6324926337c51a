// SPDX-License-Identifier: Apache-2.0
#include "hardened/shell/id_lease.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <sstream>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/plan.hpp"
#include "hardened/core/text.hpp"
#include "hardened/shell/record.hpp"
#include "hardened/shell/state.hpp"

namespace hardened {
namespace {

constexpr std::uint32_t kBlock = 65536;
// Blocks of others looked at in one take() on top: its cost must not grow with their number.
constexpr std::size_t kSweep = 16;
constexpr std::size_t kLargestFile = 16U << 20;

using Blocks = std::set<std::uint32_t>;

Blocks blocks_of(const IdRange& range) {
  Blocks blocks;
  if (range.size == 0) return blocks;
  const std::uint32_t last = (range.first + (range.size - 1)) / kBlock;
  for (std::uint32_t block = range.first / kBlock; block <= last; ++block) blocks.insert(block);
  return blocks;
}

Blocks blocks_of(const std::vector<IdRange>& ranges) {
  Blocks blocks;
  for (const IdRange& range : ranges) blocks.merge(blocks_of(range));
  return blocks;
}

Blocks blocks_of(const IdMaps& maps) {
  Blocks blocks;
  for (const auto* map : {&maps.users, &maps.groups}) {
    for (const IdMapping& mapping : *map) blocks.merge(blocks_of({mapping.host, mapping.size}));
  }
  return blocks;
}

struct Holder {
  ContainerKey key;
  Process creator;
};

std::string file_name(std::uint32_t block) { return std::to_string(block) + ".json"; }

std::optional<std::uint32_t> block_of(const std::string& name) {
  std::uint32_t block = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, block);
  if (error != std::errc{} || std::string_view(stop, end) != ".json") return std::nullopt;
  return block;
}

std::string text_of(const std::vector<Holder>& holders) {
  Json list = Json::array();
  for (const Holder& holder : holders) {
    list.push_back(Json::object({{"root", holder.key.root},
                                 {"id", holder.key.id},
                                 {"pid", holder.creator.pid},
                                 {"start", holder.creator.start}}));
  }
  return write_document(list);
}

// The directory of blocks, under the lock.
class Blockbook {
 public:
  Blockbook(Kernel& kernel, const Environment& environment) : kernel_(kernel) {
    const StateDirectory state = open_state(kernel, environment);
    directory_ = make_own_directory(kernel, state.directory.number(), "ids", 0700);
    lock_ = take_lock(kernel, state.directory.number());
  }

  // nullopt: nobody holds it.
  std::optional<std::vector<Holder>> find(std::uint32_t block) {
    const std::optional<Descriptor> file = kernel_.find(
        directory_.number(), file_name(block), O_RDONLY | O_NOFOLLOW, Walk::beneath_no_links);
    if (!file) return std::nullopt;
    const Json list = parse_document(kernel_.read_all(file->number(), kLargestFile));
    std::vector<Holder> holders;
    for (const Json& entry : list) {
      Holder holder;
      holder.key = {find_string(entry, "/root").value_or(""),
                    find_string(entry, "/id").value_or("")};
      holder.creator.pid = static_cast<int>(find_integer(entry, "/pid").value_or(0));
      holder.creator.start = static_cast<std::uint64_t>(find_integer(entry, "/start").value_or(0));
      holders.push_back(std::move(holder));
    }
    return holders;
  }

  void write(std::uint32_t block, const std::vector<Holder>& holders) {
    if (holders.empty()) {
      remove_if_there(kernel_, directory_.number(), file_name(block));
    } else {
      write_own_file(kernel_, directory_.number(), file_name(block), text_of(holders));
    }
  }

  bool alive(const Holder& holder) {
    return runs(kernel_, holder.creator) || runtime_has(kernel_, holder.key);
  }

  // Whether somebody living has one of them; those that cannot be read count.
  bool holds_any(const Blocks& blocks) {
    const std::vector<std::string> names = kernel_.list(directory_.number());
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      const auto block = block_of(name);
      return block && blocks.contains(*block) && !available(*block);
    });
  }

  // Whether a container can have it: nobody holds it, or only the dead do.
  bool available(std::uint32_t block) {
    std::optional<std::vector<Holder>> holders;
    try {
      holders = find(block);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::system) throw;
      return false;  // not of our writing: left alone
    }
    // Without a file too: the state may have been lost, and who lives does not.
    if (!holders) return !in_use().contains(block);
    const bool dead = std::none_of(holders->begin(), holders->end(),
                                   [&](const Holder& holder) { return alive(holder); });
    return dead && !in_use().contains(block);
  }

  // Deleting is an execve of the runtime, and nothing of ours runs after it: what the dead held is
  // given back by those who come after them.
  void reclaim(const Blocks& blocks) {
    for (const std::uint32_t block : blocks) {
      if (available(block)) write(block, {});
    }
  }

  // Likewise where no record tells (another engine's containers, a killed wrapper), a few at a
  // time. Starts at a place that differs from call to call.
  void sweep(std::size_t start) {
    const std::vector<std::string> names = kernel_.list(directory_.number());
    for (std::size_t index = 0; index < std::min(names.size(), kSweep); ++index) {
      const auto block = block_of(names[(start + index) % names.size()]);
      if (block && available(*block)) write(*block, {});
    }
  }

 private:
  // A process can outlive its container's state: what it may do to a file with these ids, it may do
  // to the next holder's.
  const Blocks& in_use() {
    if (!in_use_) in_use_ = blocks_of(ids_in_use(kernel_));
    return *in_use_;
  }

  Kernel& kernel_;
  Descriptor directory_;
  Descriptor lock_;
  std::optional<Blocks> in_use_;
};

// "name:first:count" a line, subuid(5). What cannot be understood gives nobody anything.
void add_subordinate(Kernel& kernel, const std::string& path, Blocks& blocks) {
  std::string text;
  try {
    const Descriptor file = kernel.open(kWorkingDirectory, path, O_RDONLY, Walk::follow);
    text = kernel.read_all(file.number(), kLargestFile);
  } catch (const Error& error) {
    if (error.number() == ENOENT) return;
    throw;
  }
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line.substr(std::min(line.find(':'), line.size())));
    char colon = 0;
    IdRange range;
    if (fields >> colon >> range.first >> colon >> range.size) blocks.merge(blocks_of(range));
  }
}

// What is given to users of the host, or to an engine: no lease takes it.
Blocks subordinate(Kernel& kernel) {
  Blocks given;
  add_subordinate(kernel, "/etc/subuid", given);
  add_subordinate(kernel, "/etc/subgid", given);
  return given;
}

// The same for every start of a container.
std::size_t start_of(const ContainerKey& key) { return hash_of(key.root + '/' + key.id); }

}  // namespace

IdLease::IdLease(Kernel& kernel, const Environment& environment, ContainerKey key)
    : kernel_(kernel),
      environment_(environment),
      key_(std::move(key)),
      self_(own_process(kernel)) {}

IdPool id_pool(const Profile& profile) {
  const Json& settings = profile.settings("user-namespace");
  return {id_pool(settings),
          static_cast<std::uint32_t>(find_integer(settings, "/range_size").value_or(0))};
}

std::vector<IdRange> leased_ids(Kernel& kernel, const Environment& environment) {
  std::vector<IdRange> ranges;
  const auto state = find_state(kernel, environment);
  if (!state) return ranges;
  const auto ids = find_own_directory(kernel, state->directory.number(), "ids");
  if (!ids) return ranges;
  for (const std::string& name : kernel.list(ids->number())) {
    if (const auto block = block_of(name)) ranges.push_back({*block * kBlock, kBlock});
  }
  return ranges;
}

IdLease::~IdLease() {
  try {
    hold_only(std::nullopt);
  } catch (const std::exception&) {
    // The creator will be gone: the next take() reclaims it.
  }
}

IdRange IdLease::take(const IdPool& pool) {
  const std::uint32_t each = std::max(1U, (pool.range_size + (kBlock - 1)) / kBlock);
  const std::uint32_t first = pool.ids.first / kBlock + (pool.ids.first % kBlock == 0 ? 0 : 1);
  const std::uint64_t end = (std::uint64_t{pool.ids.first} + pool.ids.size) / kBlock;
  const std::uint64_t count = end > first ? (end - first) / each : 0;
  const Blocks given = subordinate(kernel_);
  Blocks dead;
  for (const IdMaps& maps : ids_of_the_dead(kernel_, environment_, key_)) {
    if (overlap(maps.users, pool.ids) || overlap(maps.groups, pool.ids))
      dead.merge(blocks_of(maps));
  }
  Blockbook book(kernel_, environment_);
  book.reclaim(dead);
  book.sweep(static_cast<std::size_t>(self_.pid));
  for (std::uint64_t index = 0; index < count; ++index) {
    const auto block = static_cast<std::uint32_t>(first + (start_of(key_) + index) % count * each);
    const Blocks wanted = blocks_of(IdRange{block * kBlock, each * kBlock});
    if (!std::all_of(wanted.begin(), wanted.end(), [&](std::uint32_t one) {
          return !given.contains(one) && book.available(one);
        })) {
      continue;
    }
    for (const std::uint32_t one : wanted) {
      held_.insert(one);
      book.write(one, {{key_, self_}});
    }
    return {block * kBlock, pool.range_size};
  }
  return {};
}

void IdLease::require_not_ours(const IdMaps& maps, const std::vector<IdRange>& pools) {
  const Blocks asked = blocks_of(maps);
  if (asked.empty()) return;
  const Blocks given = subordinate(kernel_);
  const Blocks ours = blocks_of(pools);
  // Nothing would keep them from the next container. Those of subuid(5) no lease ever has.
  const bool claimed = std::any_of(asked.begin(), asked.end(), [&](std::uint32_t block) {
    return ours.contains(block) && !given.contains(block);
  });
  if (!claimed && !Blockbook(kernel_, environment_).holds_any(asked)) return;
  throw refused({"user-namespace", "/linux/uidMappings",
                 "ids that are given to one container at a time", "user_namespaces(7)", ""});
}

void IdLease::hold_only(const std::optional<IdMaps>& maps) {
  const Blocks wanted = maps ? blocks_of(*maps) : Blocks{};
  if (wanted == held_) return;
  Blockbook book(kernel_, environment_);
  const auto own = [&](const Holder& holder) {
    return holder.key == key_ && holder.creator == self_;
  };
  for (const std::uint32_t block : wanted) {
    if (!held_.insert(block).second) continue;
    std::vector<Holder> holders = book.find(block).value_or(std::vector<Holder>{});
    holders.push_back({key_, self_});
    book.write(block, holders);
  }
  for (auto block = held_.begin(); block != held_.end();) {
    if (wanted.contains(*block)) {
      ++block;
      continue;
    }
    auto holders = book.find(*block);
    if (holders) {
      std::erase_if(*holders, own);
      book.write(*block, *holders);
    }
    block = held_.erase(block);
  }
}

}  // namespace hardened
