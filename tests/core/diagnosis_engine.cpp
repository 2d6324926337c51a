// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/daemon_settings.hpp"
#include "observation_fixture.hpp"

namespace hardened {
namespace {

// Of a good host whose daemon.json is this.
Observation with(const std::string& settings) {
  Observation seen = good();
  seen.engine.settings = parse_document(settings);
  return seen;
}

TEST(DiagnosisOfDocker, WithoutDockerOneLineSaysSo) {
  Observation seen = good();
  seen.engine = {};
  EXPECT_EQ(verdict(seen, "engine/daemon"), Verdict::not_applicable);
  for (const Finding& one : diagnose(seen)) EXPECT_NE(one.group, "cis");
}

TEST(DiagnosisOfDocker, SettingsThatCannotBeReadPassNothing) {
  Observation seen = good();
  seen.engine.error = "/etc/docker/daemon.json: parse error at line 1";
  EXPECT_EQ(verdict(seen, "engine/configuration"), Verdict::fail);
  for (const char* id : {"engine/registered", "engine/default-runtime", "engine/programs",
                         "engine/containers", "cis/2.2", "cis/2.7", "cis/2.18"}) {
    EXPECT_EQ(verdict(seen, id), Verdict::unknown) << id;
  }
}

TEST(DiagnosisOfDocker, Registration) {
  Observation seen = with("{}");
  EXPECT_EQ(verdict(seen, "engine/default-runtime"), Verdict::warn);
  seen.engine.runtimes = {};
  EXPECT_EQ(verdict(seen, "engine/registered"), Verdict::warn);
  seen = with(R"({"default-runtime": "gone"})");
  EXPECT_EQ(verdict(seen, "engine/default-runtime"), Verdict::fail);
}

TEST(DiagnosisOfDocker, ARuntimeThatOthersCanReplaceFails) {
  const auto spoilt = [](auto&& change) {
    Observation seen = good();
    change(seen.engine.runtimes[0].file);
    return verdict(seen, "engine/programs");
  };
  EXPECT_EQ(spoilt([](FileSeen& file) { file.mode = 0777; }), Verdict::fail);
  EXPECT_EQ(spoilt([](FileSeen& file) { file.mode = 0644; }), Verdict::fail);
  EXPECT_EQ(spoilt([](FileSeen& file) { file.owner = 1000; }), Verdict::fail);
  EXPECT_EQ(spoilt([](FileSeen& file) { file.weak_parent = "/opt"; }), Verdict::fail);
  EXPECT_EQ(spoilt([](FileSeen& file) { file.sight = Sight::missing; }), Verdict::fail);
  EXPECT_EQ(spoilt([](FileSeen& file) { file.sight = Sight::unseen; }), Verdict::unknown);
  EXPECT_EQ(spoilt([](FileSeen& file) { file.kind = FileKind::directory; }), Verdict::fail);
}

TEST(DiagnosisOfDocker, AnotherRuntimeByNameIsSaidWithWhoCanNameIt) {
  Observation seen = good();
  seen.engine.socket_group_users = {"alice", "bob"};
  EXPECT_TRUE(
      contains(finding(seen, "engine/runc-selectable").evidence, "group docker: alice, bob"));
}

TEST(DiagnosisOfDocker, ImageBuilds) {
  Observation seen = good();
  seen.engine.process->environment = {{"PATH=/usr/bin"}};
  EXPECT_EQ(verdict(seen, "engine/buildkit"), Verdict::warn);
  seen.engine.process->environment = {{"DOCKER_BUILDKIT_RUNC_COMMAND=/usr/bin/runc"}};
  EXPECT_EQ(verdict(seen, "engine/buildkit"), Verdict::warn);
  seen.engine.process->environment = {{"DOCKER_BUILDKIT_RUNC_COMMAND=/opt/hardened-build"}};
  EXPECT_EQ(verdict(seen, "engine/buildkit"), Verdict::ok);
  seen.engine.process->version = "Docker version 20.10.24+dfsg1, build 5d6db84";
  EXPECT_EQ(verdict(seen, "engine/buildkit"), Verdict::warn);
  seen.engine.process->environment.reset();
  EXPECT_EQ(verdict(seen, "engine/buildkit"), Verdict::unknown);
  seen.engine.process.reset();
  EXPECT_EQ(verdict(seen, "engine/buildkit"), Verdict::unknown);
}

TEST(DiagnosisOfDocker, RunningContainersUnderOtherRuntimesAreNamed) {
  Observation seen = good();
  seen.engine.containers->push_back({"db", "runc", true});
  EXPECT_EQ(verdict(seen, "engine/containers"), Verdict::warn);
  EXPECT_EQ(finding(seen, "engine/containers").details, std::vector<std::string>{"db: runc"});
  seen.engine.containers.reset();
  EXPECT_EQ(verdict(seen, "engine/containers"), Verdict::unknown);
}

TEST(DiagnosisOfDocker, ManyDaemons) {
  Observation seen = good();
  seen.engine.others = {99};
  EXPECT_EQ(verdict(seen, "engine/daemon"), Verdict::warn);
  seen.engine.process.reset();
  EXPECT_EQ(verdict(seen, "engine/daemon"), Verdict::unknown);
}

TEST(DiagnosisOfDocker, SectionTwoByItsSettings) {
  struct Case {
    const char* id;
    const char* good;
    const char* bad;
    Verdict verdict;
  };
  for (const Case& one : std::initializer_list<Case>{
           {"cis/2.2", R"({"icc": false})", "{}", Verdict::warn},
           {"cis/2.3", "{}", R"({"log-level": "debug"})", Verdict::warn},
           {"cis/2.3", R"({"log-level": "info"})", R"({"debug": true})", Verdict::warn},
           {"cis/2.4", "{}", R"({"iptables": false})", Verdict::warn},
           {"cis/2.5", "{}", R"({"insecure-registries": ["r:5000"]})", Verdict::warn},
           {"cis/2.6", "{}", R"({"storage-driver": "aufs"})", Verdict::warn},
           {"cis/2.7", R"({"hosts": ["unix:///run/docker.sock"]})",
            R"({"hosts": ["tcp://0.0.0.0:2375"]})", Verdict::fail},
           {"cis/2.7", R"({"hosts": ["tcp://0.0.0.0:2376"], "tlsverify": true})",
            R"({"hosts": ["tcp://0.0.0.0:2376"], "tls": true})", Verdict::fail},
           {"cis/2.8", R"({"default-ulimits": {"core": {"Name": "core", "Hard": 0, "Soft": 0}}})",
            "{}", Verdict::warn},
           {"cis/2.9", R"({"userns-remap": "default"})", "{}", Verdict::warn},
           {"cis/2.10", "{}", R"({"cgroup-parent": "/x"})", Verdict::warn},
           {"cis/2.11", "{}", R"({"storage-opts": ["dm.basesize=20G"]})", Verdict::warn},
           {"cis/2.12", R"({"authorization-plugins": ["opa"]})", "{}", Verdict::warn},
           {"cis/2.13", R"({"log-driver": "syslog"})", "{}", Verdict::warn},
           {"cis/2.14", R"({"no-new-privileges": true})", "{}", Verdict::warn},
           {"cis/2.15", R"({"live-restore": true})", "{}", Verdict::warn},
           {"cis/2.16", R"({"userland-proxy": false})", "{}", Verdict::warn},
           {"cis/2.17", "{}", R"({"seccomp-profile": "unconfined"})", Verdict::fail},
           {"cis/2.18", "{}", R"({"experimental": true})", Verdict::warn}}) {
    EXPECT_EQ(verdict(with(one.good), one.id), Verdict::ok) << one.id;
    EXPECT_EQ(verdict(with(one.bad), one.id), one.verdict) << one.id;
  }
}

TEST(DiagnosisOfDocker, ADaemonOfRootIsSaid) {
  Observation seen = good();
  seen.engine.process->user = 0;
  EXPECT_EQ(verdict(seen, "cis/2.1"), Verdict::warn);
}

TEST(DiagnosisOfDocker, ASocketUnitThatListensOnTheNetworkIsAListener) {
  Observation seen = with(R"({"hosts": ["fd://"]})");
  seen.engine.unit_listeners = {"/run/docker.sock"};
  EXPECT_EQ(verdict(seen, "cis/2.7"), Verdict::ok);
  seen.engine.unit_listeners.push_back("2375");
  EXPECT_EQ(verdict(seen, "cis/2.7"), Verdict::fail);
}

TEST(DiagnosisOfDocker, WhatHardenedDoesForEachContainerCountsWhereItIsTheDefaultAndEnforced) {
  const std::string settings = R"({"default-runtime": "hardened"})";
  for (const char* id : {"cis/2.8", "cis/2.9", "cis/2.14"}) {
    EXPECT_EQ(verdict(with(settings), id), Verdict::ok) << id;
  }
  Observation seen = with(settings);
  seen.policy.layer(R"({"profiles": {"standard": {"mode": "report"}}})", "test");
  for (const char* id : {"cis/2.8", "cis/2.9", "cis/2.14"}) {
    EXPECT_EQ(verdict(seen, id), Verdict::warn) << id;
  }
}

TEST(DiagnosisOfDocker, SectionThreeOwnersAndModes) {
  const std::map<std::string, std::array<int, 2>> items{{"docker.service", {1, 2}},
                                                        {"docker.socket", {3, 4}},
                                                        {"/etc/docker", {5, 6}},
                                                        {"tls ca", {9, 10}},
                                                        {"tls certificate", {11, 12}},
                                                        {"tls key", {13, 14}},
                                                        {"daemon.json", {17, 18}},
                                                        {"/etc/default/docker", {19, 20}},
                                                        {"/etc/sysconfig/docker", {22, 21}},
                                                        {"containerd socket", {23, 24}}};
  for (const auto& [name, numbers] : items) {
    const std::string owner = "cis/3." + std::to_string(numbers[0]);
    const std::string mode = "cis/3." + std::to_string(numbers[1]);
    Observation seen = good();
    FileSeen& file = seen.engine.files.at(name);
    file.owner = 1000;
    file.owner_name = "alice";
    file.mode |= 0002;
    EXPECT_EQ(verdict(seen, owner), Verdict::fail) << owner;
    EXPECT_EQ(finding(seen, owner).remedy, "chown root:root " + file.path);
    EXPECT_EQ(verdict(seen, mode), Verdict::fail) << mode;

    file = good().engine.files.at(name);
    file.mode |= 0100;
    const bool directory = name == "/etc/docker";  // its owner may pass through
    EXPECT_EQ(verdict(seen, mode), directory ? Verdict::ok : Verdict::warn) << mode;
    file.sight = Sight::missing;
    EXPECT_EQ(verdict(seen, owner), Verdict::not_applicable) << owner;
    file.sight = Sight::unseen;
    EXPECT_EQ(verdict(seen, mode), Verdict::unknown) << mode;
  }
}

TEST(DiagnosisOfDocker, TheSocketBelongsToRootAndItsGroup) {
  Observation seen = good();
  FileSeen& socket = seen.engine.sockets.front();
  socket.group_name = "users";
  EXPECT_EQ(verdict(seen, "cis/3.15"), Verdict::warn);
  EXPECT_EQ(finding(seen, "cis/3.15").remedy, "chown root:docker /run/docker.sock");
  seen.engine.settings["group"] = "users";
  EXPECT_EQ(verdict(seen, "cis/3.15"), Verdict::ok);
  socket.mode = 0666;
  EXPECT_EQ(verdict(seen, "cis/3.16"), Verdict::fail);
}

TEST(DiagnosisOfDocker, OneOfSeveralThatWasNotSeenLeavesTheQuestionOpen) {
  Observation seen = good();
  FileSeen closed;
  closed.path = "/etc/docker/certs.d";
  closed.why = "closed";
  seen.engine.registry_certificates.push_back(closed);
  EXPECT_EQ(verdict(seen, "cis/3.7"), Verdict::unknown);
  seen.engine.registry_certificates.front().mode = 0664;
  EXPECT_EQ(verdict(seen, "cis/3.8"), Verdict::fail);
}

TEST(DaemonSettings, OptionsAreLaidOverTheFileByItsKeys) {
  const Json file = parse_document(R"({"icc": true, "hosts": ["unix:///a"], "debug": true})");
  const Json settings = daemon_settings(
      {"--icc=false", "-H", "fd://", "--host=tcp://:2375", "--add-runtime", "mine=/opt/mine",
       "--log-level", "warn", "--live-restore", "--default-ulimit", "nofile=1:2", "-D=false"},
      file);
  EXPECT_EQ(settings.at("icc"), false);
  EXPECT_EQ(settings.at("hosts"), Json::array({"unix:///a", "fd://", "tcp://:2375"}));
  EXPECT_EQ(settings.at("runtimes").at("mine").at("path"), "/opt/mine");
  EXPECT_EQ(settings.at("log-level"), "warn");
  EXPECT_EQ(settings.at("live-restore"), true);
  EXPECT_EQ(settings.at("default-ulimits").at("nofile"), "1:2");
  EXPECT_EQ(settings.at("debug"), false);
}

TEST(DaemonSettings, TheConfigurationFile) {
  EXPECT_EQ(config_file_of({"--config-file", "/a"}, "/b"), "/a");
  EXPECT_EQ(config_file_of({"--config-file=/a"}, "/b"), "/a");
  EXPECT_EQ(config_file_of({"-D"}, "/b"), "/b");
}

}  // namespace
}  // namespace hardened
