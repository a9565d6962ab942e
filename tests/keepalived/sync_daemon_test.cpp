// lvs_sync_daemon: how it is read, and what a router does with the sync daemons of IPVS.
#include "sim/keepalived/sync_daemon.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/keepalived/read_conf.h"

namespace lvslab::keepalived {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// One file, in which `line` stands in global_defs.
class OneConf : public ConfHost {
 public:
  explicit OneConf(std::string_view line)
      : text_("global_defs {\n " + std::string(line) +
              "\n}\nvrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n"
              " virtual_ipaddress {\n 192.168.80.150/24\n }\n}\n") {}
  std::optional<std::string> read(const std::string&) const override { return text_; }
  std::vector<std::string> matches(const std::string& pattern) const override { return {pattern}; }
  bool has_interface(const std::string&) const override { return true; }

 private:
  std::string text_;
};

struct Read {
  std::optional<SyncDaemon> daemon;
  std::vector<std::string> messages;
};
Read read(std::string_view line) {
  const ReadConf got = read_conf(OneConf(line), "k.conf");
  Read result{got.conf.global.lvs_sync_daemon, {}};
  for (const ConfMessage& message : got.messages) result.messages.push_back(message.text);
  return result;
}

TEST(SyncDaemonConf, FollowsARouterUnderItsNumber) {
  const Read got = read("lvs_sync_daemon eth0 VI_1");
  EXPECT_EQ(got.daemon, (SyncDaemon{.interface = "eth0", .vrrp_instance = "VI_1", .sync_id = 51}));
  EXPECT_THAT(got.messages, IsEmpty());
  EXPECT_EQ(read("lvs_sync_daemon eth0 inst VI_1 id 0").daemon->sync_id, 0);
}

TEST(SyncDaemonConf, WithoutARouterHasNumber0) {
  EXPECT_EQ(read("lvs_sync_daemon eth0").daemon, (SyncDaemon{.interface = "eth0", .sync_id = 0}));
}

TEST(SyncDaemonConf, TakesTheKernelsSettings) {
  const Read got = read("lvs_sync_daemon eth1 id 7 maxlen 1000 port 9000 ttl 3 group 239.1.2.3");
  EXPECT_EQ(got.daemon, (SyncDaemon{.interface = "eth1",
                                    .sync_id = 7,
                                    .max_length = 1000,
                                    .port = 9000,
                                    .ttl = 3,
                                    .group{0xef01'0203}}));
}

TEST(SyncDaemonConf, SaysWhatIsWrong) {
  EXPECT_THAT(read("lvs_sync_daemon eth0 VI_2").messages,
              ElementsAre("Unable to find vrrp instance VI_2 for lvs_syncd - clearing lvs_syncd "
                          "config"));
  EXPECT_FALSE(read("lvs_sync_daemon eth0 VI_2").daemon);
  EXPECT_THAT(read("lvs_sync_daemon eth0 VI_1 5").messages,
              ElementsAre("Please use keyword \"id\" before lvs_sync_daemon SYNCID"));
  EXPECT_THAT(read("lvs_sync_daemon eth0 VI_1 id 5 now").messages,
              ElementsAre("Unknown option now specified for lvs_sync_daemon"));
  EXPECT_THAT(read("lvs_sync_daemon eth0 group 10.0.0.1").messages,
              ElementsAre("lvs_sync_daemon group address 10.0.0.1 is not multicast - ignoring"));
  EXPECT_THAT(read("lvs_sync_daemon").messages, ElementsAre("lvs_sync_daemon requires interface"));
  EXPECT_THAT(read("lvs_sync_daemon eth0 VI_1\n lvs_sync_daemon eth1").messages,
              ElementsAre("lvs_sync_daemon has already been specified as eth0 VI_1 - ignoring"));
}

/// A kernel whose answers are given; what it was asked for is remembered.
class Kernel : public SyncPort {
 public:
  void log_sync(Step&, std::string_view text) override { log.emplace_back(text); }
  Errno start_sync(Step&, const SyncDaemon&, bool master) override {
    asked.emplace_back(master ? "start master" : "start backup");
    return answer;
  }
  Errno stop_sync(Step&, bool master) override {
    asked.emplace_back(master ? "stop master" : "stop backup");
    return answer;
  }
  Errno answer = Errno::kNone;
  std::vector<std::string> asked, log;
};

class Turns : public testing::Test {
 protected:
  World world;
  TimerQueue timers;
  Step step{world, timers, nullptr, NodeId(0)};
  Kernel kernel;
  SyncDaemon daemon{.interface = "eth0", .vrrp_instance = "VI_1", .sync_id = 51};
};

TEST_F(Turns, TheMasterTellsAndTheOthersListen) {
  turn_sync_daemon(step, kernel, daemon, SyncTurn::kBegin);
  turn_sync_daemon(step, kernel, daemon, SyncTurn::kBecomeMaster);
  turn_sync_daemon(step, kernel, daemon, SyncTurn::kLeaveMaster);
  turn_sync_daemon(step, kernel, daemon, SyncTurn::kEndAsBackup);
  EXPECT_THAT(kernel.asked, ElementsAre("start backup", "stop backup", "start master",
                                        "stop master", "start backup", "stop backup"));
  EXPECT_THAT(kernel.log, IsEmpty());
}

TEST_F(Turns, AFailureIsLoggedInTheWordsOfTheRealOne) {
  kernel.answer = Errno::kExist;
  turn_sync_daemon(step, kernel, daemon, SyncTurn::kGoOn);
  kernel.answer = Errno::kSrch;
  turn_sync_daemon(step, kernel, daemon, SyncTurn::kEndAsMaster);
  EXPECT_THAT(kernel.log,
              ElementsAre("IPVS cmd IP_VS_SO_SET_STARTDAEMON(1163) error: Daemon has already "
                          "run(17)",
                          "IPVS cmd IP_VS_SO_SET_STOPDAEMON(1164) error: No daemon is running(3)"));
}

TEST_F(Turns, AReloadWithOtherSettingsLeavesNoDaemon) {
  reload_sync_daemon(step, kernel, true, true);
  EXPECT_THAT(kernel.asked, ElementsAre("stop master", "stop backup"));
}

}  // namespace
}  // namespace lvslab::keepalived
