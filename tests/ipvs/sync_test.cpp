// The sync daemons: what a master tells of, when it sends it, and what a backup makes of it. The
// flags, states and times are those that Linux 6.1 sends and lists.
#include "sim/ipvs/sync.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/ipvs/director_bench.h"

namespace lvslab::ipvs::test {
namespace {

using State = std::pair<IpvsConnState, std::int64_t>;
using enum IpvsConnState;

constexpr SyncConfig kConfig{.interface = "eth0",
                             .ttl = 1,
                             .max_length = 1'472,
                             .port = IpvsSyncRepr::kPort,
                             .group = IpvsSyncRepr::kGroup};

/// A director that tells, or that is told.
class SyncBench : public DirectorBench {
 public:
  explicit SyncBench(SyncRole role, SyncConfig config = kConfig) {
    Step s = step();
    EXPECT_EQ(director.start_sync(s, role, {config, {SocketId{1}}}), Errno::kNone);
  }

  /// Lets time pass: the messages that leave meanwhile, and when.
  std::vector<std::pair<SimTime, std::vector<std::uint8_t>>> sent(SimDuration time) {
    std::vector<std::pair<SimTime, std::vector<std::uint8_t>>> messages;
    wait(time, [&](Step& s, const TimerEntry& due) {
      if (due.kind != TimerKind::kIpvsSync) return;
      for (SyncMaster::Message& m : director.on_sync_timer(s, due.id)) {
        messages.emplace_back(world.now, std::move(m.bytes));
      }
    });
    return messages;
  }
  /// The entries of all messages of the next ten seconds.
  std::vector<IpvsSyncEntry> told() {
    std::vector<IpvsSyncEntry> entries;
    for (const auto& [at, message] : sent({10'000'000'000})) {
      const auto head = IpvsSyncRepr::parse(message);
      EXPECT_TRUE(head);
      EXPECT_EQ(message.size(), IpvsSyncRepr::kLength + head->count * IpvsSyncEntry::kLength);
      for (Bytes rest = Bytes(message).subspan(IpvsSyncRepr::kLength); !rest.empty();
           rest = rest.subspan(IpvsSyncEntry::kLength)) {
        entries.push_back(*IpvsSyncEntry::parse(rest));
      }
    }
    return entries;
  }
  void hear(const std::vector<IpvsSyncEntry>& entries, std::uint8_t sync_id = 0) {
    std::vector<std::uint8_t> message(IpvsSyncRepr::kLength +
                                      entries.size() * IpvsSyncEntry::kLength);
    IpvsSyncRepr{.sync_id = sync_id,
                 .size = static_cast<std::uint16_t>(message.size()),
                 .count = static_cast<std::uint8_t>(entries.size())}
        .emit(message);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      entries[i].emit(
          MutBytes(message).subspan(IpvsSyncRepr::kLength + i * IpvsSyncEntry::kLength));
    }
    hear_bytes(message);
  }
  void hear_bytes(const std::vector<std::uint8_t>& message) {
    Step s = step();
    director.receive_sync(s, message);
  }
};

SyncBench master(const SyncSysctls& sysctls = {}, ServiceOptions options = {}) {
  SyncBench bench(SyncRole::kMaster);
  static_cast<SyncSysctls&>(bench.director.sysctls()) = sysctls;
  options.scheduler = SchedulerId::kRr;
  bench.service(options);
  bench.add(k204);
  return bench;
}

SyncBench backup() {
  SyncBench bench(SyncRole::kBackup);
  bench.service(SchedulerId::kRr);
  bench.add(k204);
  return bench;
}

IpvsSyncEntry entry(std::uint16_t port, std::uint32_t flags, std::uint16_t state,
                    std::uint32_t timeout_s, Ipv4Addr server = k204) {
  return {.flags = flags,
          .state = state,
          .client_port = port,
          .virt_port = 80,
          .dest_port = 80,
          .timeout_s = timeout_s,
          .client = kClient,
          .virt = kVip,
          .dest = server};
}

constexpr std::uint32_t kActiveDr = 0x083, kInactiveDr = 0x183, kTemplateDr = 0x1183;

// --- what is told --------------------------------------------------------------------------------

TEST(SyncMaster, TellsOfTheThirdPacketAndOfTheEnd) {
  SyncBench bench = master();
  bench.segment(2000, kSyn);
  bench.segment(2000, kAck);
  EXPECT_TRUE(bench.told().empty()) << "two packets are not worth it";
  bench.segment(2000, kAck);
  EXPECT_EQ(bench.told(), std::vector{entry(2000, kActiveDr, 1, 900)});
  bench.segment(2000, kFin);
  EXPECT_EQ(bench.told(), std::vector{entry(2000, kInactiveDr, 4, 120)});
  bench.segment(2000, kAck);
  EXPECT_TRUE(bench.told().empty()) << "nothing new";
}

TEST(SyncMaster, SpeaksVersion0IfItIsToldTo) {
  SyncBench bench = master({.sync_threshold = 1, .sync_period = 0, .sync_version = 0});
  bench.segment(2000, kSyn);
  bench.segment(2000, kAck);
  bench.segment(2000, kFin);
  bench.director.sysctls().sync_version = 1;
  bench.segment(2001, kSyn);
  bench.segment(2001, kAck);
  bench.segment(2001, kFin);
  const auto messages = bench.sent({10'000'000'000});
  ASSERT_EQ(messages.size(), 2U) << "one of each version";
  const auto old = IpvsSyncRepr::parse(messages[0].second);
  EXPECT_EQ(old->version, 0);
  EXPECT_EQ(messages[0].second.size(), IpvsSyncRepr::kLengthV0 + IpvsSyncEntry::kLengthV0);
  EXPECT_EQ(IpvsSyncEntry::parse_v0(Bytes(messages[0].second).subspan(4))->client_port, 2000);
  EXPECT_EQ(IpvsSyncRepr::parse(messages[1].second)->version, 1);
}

TEST(SyncMaster, HasAThreadForEachPort) {
  DirectorBench bench;
  bench.director.sysctls().sync_ports = 4;
  EXPECT_EQ(bench.director.sync_threads(), 4U);
  Step s = bench.step();
  const std::vector<SocketId> sockets{{1}, {2}, {3}, {4}};
  EXPECT_EQ(bench.director.start_sync(s, SyncRole::kMaster, {kConfig, sockets}), Errno::kNone);
  bench.director.sysctls().sync_ports = 1;
  EXPECT_EQ(bench.director.sync_threads(), 4U) << "a backup beside it has as many";
  bench.service(SchedulerId::kRr);
  bench.add(k204);
  std::set<std::uint32_t> threads;
  for (std::uint16_t port = 2000; port < 2004; ++port) {
    bench.segment(port, kSyn);
    bench.segment(port, kAck);
    bench.segment(port, kAck);
  }
  bench.wait({10'000'000'000}, [&](Step& step, const TimerEntry& due) {
    for ([[maybe_unused]] const auto& message : bench.director.on_sync_timer(step, due.id)) {
      threads.insert(Director::sync_thread_of(due.id));
    }
  });
  EXPECT_EQ(threads, (std::set<std::uint32_t>{0, 1, 2, 3}));
}

TEST(SyncBackup, TakesVersion0WithTimesOfItsOwn) {
  SyncBench bench = backup();
  std::vector<std::uint8_t> message(IpvsSyncRepr::kLengthV0 + IpvsSyncEntry::kLengthV0);
  IpvsSyncRepr{.size = static_cast<std::uint16_t>(message.size()), .count = 1, .version = 0}.emit(
      message);
  entry(2000, kActiveDr, 1, 0).emit_v0(MutBytes(message).subspan(IpvsSyncRepr::kLengthV0));
  bench.hear_bytes(message);
  EXPECT_EQ(bench.state(2000), std::pair(IpvsConnState::kEstablished, std::int64_t{900}));
}

TEST(SyncMaster, SaysNothingOfAHandshakeThatNeverEnds) {
  SyncBench bench = master();
  for (int i = 0; i < 60; ++i) bench.segment(2000, kSyn);
  EXPECT_TRUE(bench.told().empty());
}

TEST(SyncMaster, TellsAgainAfterThePeriod) {
  SyncBench bench = master({.sync_threshold = 1, .sync_period = 4});
  bench.segment(2000, kSyn);
  for (int i = 2; i <= 13; ++i) bench.segment(2000, kAck);
  EXPECT_EQ(bench.told().size(), 3U) << "packets 5, 9 and 13; the first is a SYN";
}

TEST(SyncMaster, WithoutAPeriodTellsOnce) {
  SyncBench bench = master({.sync_threshold = 2, .sync_period = 0});
  bench.segment(2000, kSyn);
  for (int i = 0; i < 200; ++i) bench.segment(2000, kAck);
  EXPECT_EQ(bench.told().size(), 1U);
}

TEST(SyncMaster, ARefreshPeriodHoldsBackWhatTheBackupsKnow) {
  SyncBench bench = master({.sync_threshold = 0, .sync_period = 0, .sync_refresh_period_s = 20});
  bench.segment(2000, kSyn);
  for (int i = 0; i < 4; ++i) {
    bench.segment(2000, kAck);
    EXPECT_EQ(bench.told().size(), i % 2 == 0 ? 1U : 0U) << "ten seconds later: " << i;
  }
}

TEST(SyncMaster, RetriesAnEighthOfTheRefreshPeriodLater) {
  SyncBench bench = master(
      {.sync_threshold = 0, .sync_period = 0, .sync_refresh_period_s = 80, .sync_retries = 2});
  bench.segment(2000, kSyn);
  std::vector<std::size_t> counts;
  for (int i = 0; i < 5; ++i) {
    bench.segment(2000, kAck);
    counts.push_back(bench.told().size());
  }
  // The tries are counted in the lowest bits of the time, which makes the second a tick late.
  EXPECT_EQ(counts, (std::vector<std::size_t>{1, 1, 0, 1, 0}));
}

TEST(SyncMaster, TellsOfTheTemplateWithEveryPacket) {
  SyncBench bench = master({}, {.persistent = true, .timeout_s = 60});
  bench.segment(2000, kSyn);
  IpvsSyncEntry tmpl = entry(0, kTemplateDr, 0, 60);
  EXPECT_EQ(bench.told(), std::vector{tmpl});
  tmpl.state = 1;  // assured
  bench.segment(2000, kAck);
  EXPECT_EQ(bench.told(), std::vector{tmpl});
  bench.segment(2000, kAck);
  EXPECT_EQ(bench.told(), (std::vector{entry(2000, kActiveDr, 1, 900), tmpl}));
}

TEST(SyncMaster, InPersistModeTellsOfTemplatesAlone) {
  SyncBench bench = master({.sync_persist_mode = 1}, {.persistent = true, .timeout_s = 60});
  bench.segment(2000, kSyn);
  for (int i = 0; i < 5; ++i) bench.segment(2000, kAck);
  for (const IpvsSyncEntry& told : bench.told()) EXPECT_EQ(told.client_port, 0);
}

// --- when it is sent -----------------------------------------------------------------------------

TEST(SyncMaster, SendsWhenTheFirstEntryIsTwoSecondsOld) {
  SyncBench bench = master({.sync_threshold = 2, .sync_period = 0});
  bench.wait({500'000'000});
  bench.segment(2000, kSyn);
  bench.segment(2000, kAck);
  const auto messages = bench.sent({10'000'000'000});
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].first, SimTime{3'000'000'000}) << "the thread looks once a second";
}

TEST(SyncMaster, SendsAFullMessageAfterTwentyMilliseconds) {
  SyncBench bench = master({.sync_threshold = 2, .sync_period = 0});
  for (std::uint16_t port = 2000; port < 2041; ++port) {
    bench.segment(port, kSyn);
    bench.segment(port, kAck);
  }
  const auto messages = bench.sent({10'000'000'000});
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].first, SimTime{20'000'000});
  EXPECT_EQ(IpvsSyncRepr::parse(messages[0].second)->count, 40) << "as many as fit in 1472 bytes";
  EXPECT_EQ(messages[1].first, SimTime{2'020'000'000}) << "it slept anew from then on";
  EXPECT_EQ(IpvsSyncRepr::parse(messages[1].second)->count, 1);
}

TEST(SyncMaster, WakesAtOnceForEightMessages) {
  SyncBench bench = master({.sync_threshold = 2, .sync_period = 0});
  for (std::uint16_t port = 2000; port < 2321; ++port) {
    bench.segment(port, kSyn);
    bench.segment(port, kAck);
  }
  const auto messages = bench.sent({1'000'000});
  EXPECT_EQ(messages.size(), 8U);
}

TEST(SyncMaster, AQueueThatIsFullLosesMessages) {
  SyncBench bench = master({.sync_threshold = 2, .sync_period = 0, .sync_qlen_max = 1});
  for (std::uint16_t port = 2000; port < 2121; ++port) {
    bench.segment(port, kSyn);
    bench.segment(port, kAck);
  }
  EXPECT_EQ(bench.told().size(), 41U) << "one message of three, and what the buffer holds";
}

TEST(SyncMaster, ForgetsItsBufferWhenItIsStopped) {
  SyncBench bench = master({.sync_threshold = 2, .sync_period = 0});
  bench.segment(2000, kSyn);
  bench.segment(2000, kAck);
  EXPECT_EQ(bench.director.stop_sync(SyncRole::kMaster), Errno::kNone);
  EXPECT_EQ(bench.director.stop_sync(SyncRole::kMaster), Errno::kSrch);
  EXPECT_TRUE(bench.told().empty());
}

TEST(SyncConfig, HasTheKernelsDefaults) {
  const SyncConfig master = with_defaults({.interface = "eth0"}, SyncRole::kMaster, 9'000);
  EXPECT_EQ(master.max_length, 1'472) << "a master sends what fits everywhere";
  EXPECT_EQ(master.group, IpvsSyncRepr::kGroup);
  EXPECT_EQ(master.port, 8'848);
  EXPECT_EQ(master.ttl, 1);
  EXPECT_EQ(with_defaults({}, SyncRole::kBackup, 9'000).max_length, 8'972);
  EXPECT_EQ(with_defaults({.max_length = 10}, SyncRole::kMaster, 1'500).max_length, 10);
  EXPECT_EQ(with_defaults({.max_length = 10}, SyncRole::kBackup, 1'500).max_length, 1'024);
}

// --- what a backup makes of it -------------------------------------------------------------------

TEST(SyncBackup, HoldsTheConnectionForTheMastersTime) {
  SyncBench bench = backup();
  bench.hear({entry(2000, kActiveDr, 1, 900)});
  EXPECT_EQ(bench.state(2000), State(kEstablished, 900));
  EXPECT_EQ(bench.dest(k204).active, 1U);
  bench.hear({entry(2000, kInactiveDr, 4, 120)});
  EXPECT_EQ(bench.state(2000), State(kFinWait, 120));
  EXPECT_EQ(bench.dest(k204).active, 0U);
  EXPECT_EQ(bench.dest(k204).inactive, 1U);
  bench.wait_s(121);
  EXPECT_FALSE(bench.conn(2000));
  EXPECT_EQ(bench.dest(k204).inactive, 0U);
}

TEST(SyncBackup, GoesOnWithTheConnectionWhenItsPacketsCome) {
  SyncBench bench = backup();
  EXPECT_EQ(bench.segment(2000, kAck).kind, VerdictKind::kAccept) << "unknown so far";
  bench.hear({entry(2000, kActiveDr, 1, 900)});
  const Verdict verdict = bench.segment(2000, kAck);
  EXPECT_EQ(verdict.kind, VerdictKind::kDirectRoute);
  EXPECT_EQ(verdict.next, k204);
}

TEST(SyncBackup, TakesTheForwardingMethodOfItsOwnServer) {
  SyncBench bench(SyncRole::kBackup);
  bench.service(SchedulerId::kRr);
  bench.add({.addr = k204, .port = 80, .forward = IpvsForward::kMasq});
  bench.hear({entry(2000, kActiveDr, 1, 900)});
  EXPECT_EQ(bench.segment(2000, kAck).kind, VerdictKind::kMasquerade);
}

TEST(SyncBackup, WithoutTheServerForwardsAsTheMasterDoesAndCountsNowhere) {
  SyncBench bench = backup();
  bench.hear({entry(2000, kActiveDr, 1, 900, k206)});
  EXPECT_EQ(bench.last_reason(), Reason::kIpvsSyncUnbound);
  EXPECT_EQ(bench.state(2000), State(kEstablished, 900));
  EXPECT_EQ(bench.segment(2000, kAck).next, k206);
  bench.segment(2000, kFin);
  EXPECT_EQ(bench.state(2000), State(kFinWait, 120));
  EXPECT_EQ(bench.dest(k204).active + bench.dest(k204).inactive, 0U);
}

TEST(SyncBackup, BindsTheServerOnceItIsThere) {
  SyncBench bench = backup();
  bench.hear({entry(2000, kActiveDr, 1, 900, k206)});
  bench.add(k206);
  EXPECT_EQ(bench.dest(k206).active, 0U);
  bench.hear({entry(2000, kActiveDr, 1, 900, k206)});
  EXPECT_EQ(bench.dest(k206).active, 1U);
}

TEST(SyncBackup, AnotherServerTakesThePlaceOfAnOldEntry) {
  SyncBench bench = backup();
  bench.add(k206);
  bench.hear({entry(2000, kInactiveDr, 4, 120)});
  bench.hear({entry(2000, kActiveDr, 1, 900, k206)});
  EXPECT_EQ(bench.conn(2000)->dest, k206);
  bench.hear({entry(2000, kInactiveDr, 4, 120)});
  EXPECT_EQ(bench.state(2000).first, kEstablished) << "late news of the former connection";
  EXPECT_EQ(bench.dest(k204).inactive, 0U);
}

TEST(SyncBackup, TakesTemplatesWithTheirTimes) {
  SyncBench bench(SyncRole::kBackup);
  bench.service({.scheduler = SchedulerId::kRr, .persistent = true, .timeout_s = 60});
  bench.add(k204);
  bench.add(k206);
  bench.hear({entry(0, kTemplateDr, 1, 60)});
  EXPECT_EQ(bench.state(0), State(kAssured, 60));
  EXPECT_EQ(bench.dest(k204).persistent, 1U);
  EXPECT_EQ(bench.segment(2000, kSyn).next, k204) << "not the one whose turn it is";
}

TEST(SyncBackup, FindsServersOfFirewallMarksUnderPort0) {
  constexpr ServiceKey kMark{.protocol = 0, .addr = {}, .port = 0, .fwmark = 7};
  SyncBench bench(SyncRole::kBackup);
  bench.service({.scheduler = SchedulerId::kRr}, kMark);
  bench.add({.addr = k204, .port = 0}, kMark);
  IpvsSyncEntry marked = entry(2000, kActiveDr, 1, 900);
  marked.fwmark = 7;
  bench.hear({marked});
  EXPECT_EQ(bench.dest(k204).active, 1U);
}

TEST(SyncBackup, ListensToItsSyncidOrToAny) {
  SyncBench any = backup();
  any.hear({entry(2000, kActiveDr, 1, 900)}, 77);
  EXPECT_TRUE(any.conn(2000));
  SyncConfig config = kConfig;
  config.sync_id = 8;
  SyncBench own(SyncRole::kBackup, config);
  own.hear({entry(2000, kActiveDr, 1, 900)}, 77);
  EXPECT_EQ(own.last_reason(), Reason::kIpvsSyncOtherId);
  EXPECT_FALSE(own.conn(2000));
  own.hear({entry(2000, kActiveDr, 1, 900)}, 8);
  EXPECT_TRUE(own.conn(2000));
}

TEST(SyncBackup, DropsMessagesThatAreLongerThanItReads) {
  SyncConfig config = kConfig;
  config.max_length = 1'024;
  SyncBench bench(SyncRole::kBackup, config);
  bench.hear(std::vector(40, entry(2000, kActiveDr, 1, 900)));
  EXPECT_EQ(bench.last_reason(), Reason::kIpvsSyncBadMessage);
  EXPECT_FALSE(bench.conn(2000));
}

TEST(SyncBackup, SkipsEntriesOfUnknownProtocolsAndStates) {
  SyncBench bench = backup();
  IpvsSyncEntry odd = entry(2001, kActiveDr, 0, 900);
  odd.protocol = 47;
  bench.hear({odd, entry(2002, kActiveDr, 11, 900), entry(2003, kActiveDr, 1, 900)});
  EXPECT_FALSE(bench.conn(2001));
  EXPECT_FALSE(bench.conn(2002));
  EXPECT_TRUE(bench.conn(2003));
}

TEST(SyncBackup, TakesItsOwnTimeoutWhereTheMasterSaysNone) {
  SyncBench bench = backup();
  bench.hear({entry(2000, kActiveDr, 1, 0), entry(0, kTemplateDr, 1, 0)});
  EXPECT_EQ(bench.state(2000).second, 900);
  EXPECT_EQ(bench.state(0).second, 180);
}

TEST(SyncBackup, SurvivesAnyBytes) {
  SyncBench bench = backup();
  Prng random(81);
  for (int i = 0; i < 5'000; ++i) {
    std::vector<std::uint8_t> bytes(random.below(200));
    for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(random.below(4));
    if (bytes.size() >= 8) {
      bytes[0] = bytes[2] = bytes[6] = bytes[7] = 0;
      bytes[3] = static_cast<std::uint8_t>(bytes.size());
      bytes[5] = 1;
    }
    if (bytes.size() > 12 && random.below(2) == 0) {
      bytes[8] = bytes[10] = 0;
      bytes[9] = random.below(2) == 0 ? 6 : 17;
      bytes[11] = 36;
    }
    bench.hear_bytes(bytes);
  }
  bench.wait_s(10'000'000);
}

TEST(SyncBackup, WithBackupOnlyTheHookStandsAside) {
  SyncBench bench = backup();
  bench.director.sysctls().backup_only = 1;
  EXPECT_EQ(bench.segment(2000, kSyn).kind, VerdictKind::kAccept);
  EXPECT_EQ(bench.last_reason(), Reason::kIpvsBackupOnly);
  EXPECT_EQ(bench.director.stop_sync(SyncRole::kBackup), Errno::kNone);
  EXPECT_EQ(bench.segment(2000, kSyn).kind, VerdictKind::kDirectRoute);
}

TEST(SyncBackup, PassesOnAsAMasterThatItLearnedIt) {
  SyncBench bench = backup();
  Step s = bench.step();
  bench.director.start_sync(s, SyncRole::kMaster, {kConfig, {SocketId{2}}});
  bench.hear({entry(2000, kActiveDr, 1, 900)});
  bench.segment(2000, kFin);
  EXPECT_EQ(bench.told(), std::vector{entry(2000, kInactiveDr | ipvs_flag::kSync, 4, 120)});
}

}  // namespace
}  // namespace lvslab::ipvs::test
