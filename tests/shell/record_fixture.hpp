// SPDX-License-Identifier: Apache-2.0
// A state directory, a runtime's root and one container's record, for the tests of records.
#pragma once

#include <filesystem>
#include <string>

#include "fake_kernel.hpp"
#include "hardened/core/document.hpp"
#include "hardened/shell/record.hpp"

namespace hardened {

class RecordFixture : public ::testing::Test {
 protected:
  RecordFixture() {
    std::filesystem::create_directory(key.root);
    environment.state = directory / "state";
    record.profile = "standard";
    record.bundle = "/bundle";
    record.ceiling.json = parse_document(R"({"capabilities": ["CAP_CHOWN"], "oomScoreAdj": -5})");
    record.digest = digest_of("{}");
  }
  void write() { RecordWriter(kernel, environment, key, record).commit(); }
  std::string directory_of_root() {
    std::string name;
    for (const char c : key.root) name += c == '/' ? "%2F" : std::string(1, c);
    return environment.state + "/records/" + name;
  }
  std::string file(const std::string& id = "c1") {
    return directory_of_root() + "/" + id + ".json";
  }

  FakeKernel kernel;
  TemporaryDirectory directory;
  Environment environment;
  ContainerKey key{directory / "root", "c1"};
  Record record;
};

}  // namespace hardened
