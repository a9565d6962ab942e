// Tables as bytes: what goes in comes out, and garbage does not.
#include <gmock/gmock.h>

#include "kernel-backend/tables_image.h"
#include "sim/base/prng.h"

namespace lvslab::kernel {
namespace {

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}
  HostTables tables() {
    HostTables t;
    t.hostname = text(80);
    t.now = time();
    fill(t.links, [&] {
      return LinkRow{dev(),
                     name(),
                     {bits(48)},
                     u32(),
                     u32(),
                     flip(),
                     flip(),
                     flip(),
                     flip(),
                     flip(),
                     flip(),
                     TunnelKind::kNone,
                     LinkStats{bits(64), 1, 2, 3, 4, 5, 6, 7, 8}};
    });
    fill(t.addrs, [&] {
      return AddrRow{dev(), prefix(), addr(), static_cast<Scope>(bits(8)), name(), flip()};
    });
    fill(t.routes, [&] {
      return RouteRow{u32(),        static_cast<RouteType>(below(6)), prefix(), addr(), dev(),
                      Scope::kLink, static_cast<RouteProto>(bits(8)), addr(),   u32(),  flip(),
                      flip()};
    });
    fill(t.rules, [&] {
      return RuleRow{u32(), prefix(), prefix(), name(), name(),
                     u32(), u32(),    flip(),   u32(),  static_cast<RouteType>(below(6))};
    });
    fill(t.neighs, [&] {
      return NeighRow{dev(),  addr(), {bits(48)}, static_cast<NeighState>(bits(8)),
                      time(), time(), time(),     static_cast<std::uint8_t>(bits(8))};
    });
    fill(t.sockets, [&] {
      return SocketRow{SocketProto::kUdp,
                       addr(),
                       u16(),
                       addr(),
                       u16(),
                       static_cast<TcpState>(below(12)),
                       u32(),
                       u32(),
                       u32(),
                       name(),
                       u32(),
                       u32()};
    });
    ipvs(t);
    fill(t.sysctls, [&] { return SysctlRow{text(60), text(300)}; });
    return t;
  }
  void ipvs(HostTables& t) {
    fill(t.services, [&] {
      return IpvsServiceRow{key(), name(), flip(), flip(), u32(), addr(), u32(), counters()};
    });
    fill(t.dests, [&] {
      return IpvsDestRow{key(),        addr(),
                         u16(),        static_cast<IpvsForward>(below(4)),
                         IpvsTunnel{}, static_cast<std::int32_t>(u32()),
                         u32(),        u32(),
                         u32(),        u32(),
                         u32(),        counters()};
    });
    fill(t.conns, [&] {
      return IpvsConnRow{static_cast<std::uint8_t>(bits(8)),
                         addr(),
                         addr(),
                         addr(),
                         u16(),
                         u16(),
                         u16(),
                         static_cast<IpvsConnState>(below(27)),
                         static_cast<IpvsForward>(below(4)),
                         time(),
                         u32()};
    });
  }
  std::uint64_t below(std::uint64_t n) { return random_.next() % n; }

 private:
  std::uint64_t bits(int n) { return random_.next() >> (64 - n); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(bits(32)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(bits(16)); }
  bool flip() { return bits(1) != 0; }
  IfIndex dev() { return IfIndex(u16()); }
  Ipv4Addr addr() { return {u32()}; }
  Ipv4Prefix prefix() { return {addr(), static_cast<std::uint8_t>(below(33))}; }
  SimTime time() { return {static_cast<std::int64_t>(bits(64))}; }
  std::string text(std::uint64_t most) {
    std::string text(below(most), '\0');
    for (char& c : text) c = static_cast<char>(bits(8));
    return text;
  }
  ShortName name() {
    std::string text(below(16), 'x');
    for (char& c : text) c = static_cast<char>('a' + below(26));
    return std::string_view(text);
  }
  IpvsServiceKey key() { return {static_cast<std::uint8_t>(bits(8)), addr(), u16(), u32()}; }
  IpvsCounters counters() { return {bits(64), 1, 2, 3, 4, 5, 6, 7, 8, bits(64)}; }
  template <class Row, class Make>
  void fill(std::vector<Row>& rows, Make&& make) {
    for (std::uint64_t n = below(5); n > 0; --n) rows.push_back(make());
  }

  Prng random_;
};

std::vector<RowChange> changes_of(const HostTables& t) { return changes_between({}, t); }

TEST(TablesImage, RoundTripsWhateverTheTablesHold) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const HostTables tables = Maker(seed).tables();
    const auto back = decode_tables(encode_tables(tables));
    ASSERT_TRUE(back) << "seed " << seed;
    ASSERT_EQ(changes_of(*back), changes_of(tables)) << "seed " << seed;
    EXPECT_EQ(back->hostname, tables.hostname);
    EXPECT_EQ(back->now, tables.now);
    EXPECT_EQ(encode_tables(*back), encode_tables(tables)) << "seed " << seed;
  }
}

TEST(TablesImage, RoundTripsChanges) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto changes = changes_between(Maker(seed).tables(), Maker(seed + 1000).tables());
    const auto back = decode_changes(encode_changes(changes));
    ASSERT_TRUE(back) << "seed " << seed;
    EXPECT_EQ(*back, changes) << "seed " << seed;
  }
  EXPECT_THAT(*decode_changes(encode_changes({})), testing::IsEmpty());
}

TEST(TablesImage, RefusesEveryPrefixOfAnImage) {
  const std::string whole = encode_tables(Maker(3).tables());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ASSERT_FALSE(decode_tables(std::string_view(whole).substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_tables(whole + "x"));
  EXPECT_FALSE(decode_changes(whole));
}

TEST(TablesImage, RefusesWhatNoRowCanHold) {
  HostTables tables;
  tables.addrs.push_back({.local = {{1}, 33}});
  EXPECT_FALSE(decode_tables(encode_tables(tables))) << "a prefix of 33 bits";
  tables = {};
  tables.routes.push_back({.type = static_cast<RouteType>(6)});
  EXPECT_FALSE(decode_tables(encode_tables(tables))) << "an unknown route type";
  tables = {};
  tables.links.push_back({.mac = {1ULL << 48}});
  EXPECT_FALSE(decode_tables(encode_tables(tables))) << "a MAC address of 49 bits";
}

TEST(TablesImage, SurvivesFlippedBytesAndNoise) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Maker maker(seed);
    std::string bytes = encode_tables(maker.tables());
    std::string changes = encode_changes(changes_between({}, maker.tables()));
    for (int i = 0; i < 20; ++i) {
      bytes[maker.below(bytes.size())] = static_cast<char>(maker.below(256));
      changes[maker.below(changes.size())] = static_cast<char>(maker.below(256));
      if (const auto tables = decode_tables(bytes)) {  // a value changed, the shape did not
        EXPECT_EQ(encode_tables(*tables), bytes);
      }
      if (const auto rows = decode_changes(changes)) {
        EXPECT_EQ(encode_changes(*rows), changes);
      }
    }
  }
}

TEST(TablesImage, AHugeCountAllocatesNothing) {
  std::string bytes = encode_tables({});
  bytes.replace(bytes.size() - 4, 4, "\xff\xff\xff\xff");  // the number of sysctls
  EXPECT_FALSE(decode_tables(bytes));
}

}  // namespace
}  // namespace lvslab::kernel
