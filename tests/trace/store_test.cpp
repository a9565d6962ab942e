// The packed stores of a trace give back what was put in: in order, at random, after a cut, and in
// copies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "sim/base/prng.h"
#include "sim/trace/trace.h"

namespace lvslab {
namespace {

constexpr std::uint32_t kMany = 20'000;

// Records as runs have them (most fields as before) with all that is odd thrown in: times that go
// back, causes ahead of their record, ids at the ends of their ranges.
class Records {
 public:
  explicit Records(std::uint64_t seed) : random_(seed) {}

  TraceRecord next(std::uint32_t id) {
    TraceRecord& r = last_;
    if (random_.below(4) == 0) {
      r.at.ns = static_cast<std::int64_t>(static_cast<std::uint64_t>(r.at.ns) + distance());
    }
    if (random_.below(50) == 0) r.at.ns = static_cast<std::int64_t>(random_.next());
    if (random_.below(4) == 0) r.node = NodeId(any_id(200));
    if (random_.below(4) == 0) r.frame = FrameId(any_id(next_frame_ + 2));
    r.kind = static_cast<RecordKind>(random_.below(12));
    if (r.kind == RecordKind::kFrameSent && random_.below(2) == 0) r.frame = FrameId(next_frame_);
    if (r.frame.valid()) next_frame_ = std::max(next_frame_, r.frame.value + 1);
    r.reason = static_cast<Reason>(random_.below(static_cast<std::uint32_t>(Reason::kCount)));
    r.dev = IfIndex(static_cast<std::uint16_t>(random_.below(8) == 0 ? random_.next() : 2));
    const std::uint32_t few = random_.below(3) == 0 ? 0xffff'ffffU : 3;
    for (std::uint32_t& arg : r.args) arg = few == 3 ? random_.below(few) : any_id(1'000'000);
    if (names_row(r.kind) && random_.below(4) != 0) r.args = {next_row_++, 0, 0};
    r.cause = cause(id);
    return r;
  }

 private:
  std::uint64_t distance() {
    switch (random_.below(4)) {
      case 0: return random_.below(65'536);
      case 1: return random_.next() >> 32;
      case 2: return random_.next() >> 1;
      default: return 65'535 + random_.below(3);
    }
  }
  std::uint32_t any_id(std::uint32_t usual) {
    switch (random_.below(8)) {
      case 0: return 0xffff'ffffU;
      case 1: return random_.below(2) == 0 ? 65'535 + random_.below(3) : 0xffff'fffdU;
      default: return random_.below(usual);
    }
  }
  RecordId cause(std::uint32_t id) {
    switch (random_.below(8)) {
      case 0: return {};
      case 1: return last_.cause;
      case 2: return RecordId(any_id(id + 1));
      case 3: return RecordId(id);
      case 4: return RecordId(id + 5);
      default: return RecordId(id - 1);
    }
  }

  Prng random_;
  TraceRecord last_;
  std::uint32_t next_frame_ = 0, next_row_ = 0;
};

std::vector<TraceRecord> fill(RecordStore& store, std::uint64_t seed, std::uint32_t count) {
  Records source(seed);
  std::vector<TraceRecord> records;
  for (std::uint32_t i = 0; i < count; ++i) {
    records.push_back(source.next(i));
    EXPECT_EQ(store.append(records.back()), RecordId(i));
  }
  return records;
}

void expect_holds(const RecordStore& store, const std::vector<TraceRecord>& records) {
  ASSERT_EQ(store.size(), records.size());
  const auto all = store.all();
  ASSERT_TRUE(std::equal(all.begin(), all.end(), records.begin(), records.end()));
  for (std::uint32_t i = 0; i < records.size(); i += 7) {
    ASSERT_EQ(store[RecordId(i)], records[i]) << i;
  }
}

TEST(RecordStore, GivesBackWhatWasAppended) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    RecordStore store;
    const std::vector<TraceRecord> records = fill(store, seed, kMany);
    expect_holds(store, records);
  }
}

TEST(RecordStore, GivesBackMoreFactsThanSixteenBitsCanNumber) {
  RecordStore store;
  std::vector<TraceRecord> records;
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    records.push_back({.at = {i}, .node = NodeId(1), .args = {i / 2, i % 3, 0}});
    store.append(records.back());
  }
  expect_holds(store, records);
}

TEST(RecordStore, IsReadAtRandomAsInOrder) {
  RecordStore store;
  const std::vector<TraceRecord> records = fill(store, 6, 3'000);
  Prng random(6);
  auto at = store.all().begin();
  std::ptrdiff_t position = 0;
  for (int i = 0; i < 3'000; ++i) {
    const auto to = static_cast<std::ptrdiff_t>(random.below(3'000));
    at += to - position;
    position = to;
    ASSERT_EQ(*at, records[static_cast<std::size_t>(to)]);
    ASSERT_EQ(store.all()[static_cast<std::size_t>(to)], records[static_cast<std::size_t>(to)]);
    ASSERT_EQ(store.all().subspan(static_cast<std::size_t>(to)).front(), *at);
  }
  EXPECT_EQ(store.all().back(), records.back());
}

TEST(RecordStore, ContinuesAfterACutAsIfTheRestHadNeverBeen) {
  Prng random(7);
  RecordStore store;
  std::vector<TraceRecord> records = fill(store, 7, 2'000);
  for (int i = 0; i < 100; ++i) {
    const std::uint32_t keep = random.below(static_cast<std::uint32_t>(records.size()) + 1);
    store.cut(keep);
    records.resize(keep);
    expect_holds(store, records);
    Records source(100 + static_cast<std::uint64_t>(i));
    for (std::uint32_t more = random.below(400); more > 0; --more) {
      records.push_back(source.next(static_cast<std::uint32_t>(records.size())));
      store.append(records.back());
    }
    expect_holds(store, records);
  }
}

TEST(RecordStore, ACopyGoesItsOwnWay) {
  RecordStore store;
  std::vector<TraceRecord> records = fill(store, 8, 1'000);
  RecordStore copy = store;
  Records more(9);
  std::vector<TraceRecord> other = records;
  for (std::uint32_t i = 1'000; i < 2'000; ++i) {
    other.push_back(more.next(i));
    copy.append(other.back());
  }
  expect_holds(store, records);
  expect_holds(copy, other);
}

// What events of a network look like: mostly alike, each with a few words of its own.
std::vector<TraceRecord> events(std::uint64_t seed, std::uint32_t count) {
  Prng random(seed);
  std::vector<TraceRecord> records;
  std::uint32_t frames = 0;
  while (records.size() < count) {
    const NodeId node(random.below(3));
    const std::uint32_t length = 1 + random.below(40), peer = random.below(50);
    const SimTime at{static_cast<std::int64_t>(records.size()) * 1'000};
    const FrameId frame(frames == 0 ? FrameId::kNone : random.below(frames));
    for (std::uint32_t i = 0; i < length; ++i) {
      const auto id = static_cast<std::uint32_t>(records.size());
      TraceRecord r{.at = at, .cause = RecordId(id - 1), .node = node, .frame = frame};
      if (i == 0) r.cause = RecordId(random.below(id + 1));
      if (i % 4 == 0) r.kind = RecordKind::kFrameReceived;
      if (i % 4 == 1) r.args = {peer, 7, node.value};
      if (i % 4 == 2) r.args = {peer, random.below(20) == 0 ? random.below(9) : peer, 0};
      if (i % 4 == 3) r.kind = RecordKind::kFrameSent, r.frame = FrameId(frames++);
      records.push_back(r);
    }
  }
  return records;
}

TEST(RecordStore, TellsEventsThatAreAlikeFromEachOther) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const std::vector<TraceRecord> records = events(seed, kMany);
    RecordStore store;
    for (const TraceRecord& record : records) store.append(record);
    expect_holds(store, records);
    EXPECT_LT(store.memory_bytes() / records.size(), 20U) << "arrays ask for pages ahead";
  }
}

TEST(RecordStore, VisitsTheFramesOfOneNodeAlone) {
  const std::vector<TraceRecord> records = events(9, 3'000);
  RecordStore store;
  for (const TraceRecord& record : records) store.append(record);
  for (const NodeId node : {NodeId(0), NodeId(1), NodeId(2), NodeId(3)}) {
    std::vector<TraceRecord> wanted, seen;
    std::ranges::copy_if(records, std::back_inserter(wanted), [&](const TraceRecord& r) {
      return r.node == node && r.kind != RecordKind::kDecision;
    });
    const auto see = [&](const TraceRecord& r) {
      seen.push_back(r);
      return true;
    };
    store.visit_frames_of(node, see);
    EXPECT_EQ(seen, wanted);
  }
  int seen = 0;
  store.visit_frames_of(NodeId(1), [&](const TraceRecord&) { return ++seen < 5; });
  EXPECT_EQ(seen, 5) << "a visitor can have enough";
  RecordStore().visit_frames_of(NodeId(0), [](const TraceRecord&) -> bool { throw "none"; });
}

// --- rows ----------------------------------------------------------------------------------------

// Rows of all kinds with a few keys, so that many are another moment of an earlier one.
TableRow any_row(Prng& random) {
  const std::uint32_t key = random.below(40), value = random.below(5);
  switch (random.below(12)) {
    case 0: {
      LinkRow row{.dev = IfIndex(static_cast<std::uint16_t>(key)), .name = "eth0", .up = value > 2};
      row.stats.rx_bytes = random.next();
      return row;
    }
    case 1: return AddrRow{.local = {{key}, 24}, .label = "eth0:1", .secondary = value > 2};
    case 2: return RouteRow{.dst = {{key}, 16}, .gateway = {value}, .metric = value};
    case 3: return RuleRow{.priority = key, .iif = "eth1", .fwmark = value};
    case 4: return NeighRow{.ip = Ipv4Addr{key}, .mac = {random.next() >> 16}, .probes = 3};
    case 5:
      return SocketRow{
          .local = Ipv4Addr{key}, .local_port = 80, .send_q = value, .program = "httpd", .id = key};
    case 6: return IpvsServiceRow{.key = {.addr = Ipv4Addr{key}, .port = 80}, .scheduler = "wlc"};
    case 7:
      return IpvsDestRow{.addr = Ipv4Addr{key}, .weight = -1, .active = value, .inactive = key};
    case 8:
      return IpvsConnRow{.client = Ipv4Addr{key},
                         .expires = {static_cast<std::int64_t>(random.next() >> 1)},
                         .id = key};
    case 9: return Addr6Row{.dev = IfIndex(2), .local = {{key, random.next()}, 64}};
    case 10:
      return Route6Row{
          .dst = {{key, 0}, 48}, .gateway = {1, value}, .metric = value, .anycast = value > 2};
    default: return SysctlRow{"net.ipv4.ip_forward", std::to_string(key)};
  }
}

TEST(RowStore, GivesBackRowsOfAllKindsAlsoAfterACut) {
  Prng random(1);
  RowStore store;
  std::vector<TableRow> rows;
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 300; ++i) {
      rows.push_back(any_row(random));
      ASSERT_EQ(store.add(rows.back()), rows.size() - 1);
    }
    const std::uint32_t keep = random.below(static_cast<std::uint32_t>(rows.size()) + 1);
    if (round % 3 == 0) {
      store.cut(keep);
      rows.resize(keep);
    }
    ASSERT_EQ(store.size(), rows.size());
    for (std::uint32_t i = 0; i < rows.size(); ++i) ASSERT_EQ(store[i], rows[i]) << i;
  }
}

TEST(RowStore, KeepsLittleOfARowThatHardlyChanged) {
  RowStore store;
  IpvsConnRow row{
      .client = Ipv4Addr{1}, .virt = Ipv4Addr{2}, .dest = Ipv4Addr{3}, .client_port = 4, .id = 1};
  store.add(row);
  const std::size_t before = store.memory_bytes();
  for (int i = 0; i < 10'000; ++i) {
    row.expires.ns += 1'000;
    store.add(row);
  }
  EXPECT_LT((store.memory_bytes() - before) / 10'000, 40U) << "arrays ask for pages ahead";
}

// --- frames --------------------------------------------------------------------------------------

std::vector<std::uint8_t> any_frame(Prng& random,
                                    const std::vector<std::vector<std::uint8_t>>& so_far) {
  std::vector<std::uint8_t> frame(random.below(3) == 0 ? random.below(120)
                                                       : 66 + random.below(3) * 50);
  if (!so_far.empty() && random.below(2) == 0)
    frame = so_far[random.below(static_cast<std::uint32_t>(so_far.size()))];
  const std::size_t from = random.below(3) == 0 ? 0 : random.below(2) == 0 ? 26 : 66;
  for (std::size_t i = 0; i < std::min<std::size_t>(frame.size(), 26); ++i) {
    frame[i] = static_cast<std::uint8_t>(random.next());
  }
  if (random.below(3) == 0) {
    for (std::size_t i = from; i < frame.size(); ++i)
      frame[i] = static_cast<std::uint8_t>(random.next());
  }
  return frame;
}

TEST(FrameStore, GivesBackEveryFrameAlsoAfterACut) {
  Prng random(1);
  FrameStore store;
  std::vector<std::vector<std::uint8_t>> frames;
  std::vector<std::uint8_t> buffer;
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 200; ++i) {
      frames.push_back(any_frame(random, frames));
      ASSERT_EQ(store.add(frames.back()).value, frames.size() - 1);
    }
    if (round % 3 == 0) {
      const std::uint32_t keep = random.below(static_cast<std::uint32_t>(frames.size()) + 1);
      store.cut(keep);
      frames.resize(keep);
    }
    ASSERT_EQ(store.size(), frames.size());
    for (std::uint32_t i = 0; i < frames.size(); ++i) {
      ASSERT_TRUE(std::ranges::equal(store[FrameId(i)], frames[i])) << i;
      ASSERT_TRUE(std::ranges::equal(store.read(FrameId(i), buffer), frames[i])) << i;
      ASSERT_EQ(store.length(FrameId(i)), frames[i].size());
    }
  }
}

TEST(FrameStore, TwoFramesCanBeReadAtOnce) {
  FrameStore store;
  std::vector<std::uint8_t> frame(500, 7);
  store.add(frame);
  for (std::uint8_t hop = 1; hop < 100; ++hop) {
    frame[0] = hop;
    store.add(frame);
  }
  const Bytes first = store[FrameId(1)], last = store[FrameId(99)];
  EXPECT_EQ(first[0], 1);
  EXPECT_EQ(last[0], 99);
  EXPECT_TRUE(std::ranges::equal(first.subspan(1), last.subspan(1)));
}

TEST(FrameStore, KeepsAForwardedFrameOnce) {
  FrameStore store;
  std::vector<std::uint8_t> frame(1'500);
  for (std::size_t i = 0; i < frame.size(); ++i) frame[i] = static_cast<std::uint8_t>(i * i);
  store.add(frame);
  const std::size_t before = store.memory_bytes();
  for (int hop = 0; hop < 1'000; ++hop) {
    frame[5] = static_cast<std::uint8_t>(hop);
    store.add(frame);
  }
  EXPECT_LT((store.memory_bytes() - before) / 1'000, 80U) << "arrays ask for pages ahead";
}

}  // namespace
}  // namespace lvslab
