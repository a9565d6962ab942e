// Reading and writing net.ipv4.*: names, defaults, ranges, and what one write changes elsewhere.
#include "tests/ip/host_bench.h"

namespace lvslab::ip {
namespace {

using testing::IsEmpty;

std::string get(const HostBench& h, std::string_view path) {
  return sysctl_get(h.stack, path).value_or("(no such key)");
}
Errno put(HostBench& h, std::string_view path, std::string_view value) {
  Step s = h.step();
  return sysctl_set(s, h.stack, h, path, value);
}

TEST(Sysctl, PathsAreDottedNamesOrFiles) {
  HostBench h{"eth0 10.0.0.1/24"};
  EXPECT_EQ(get(h, "net.ipv4.ip_forward"), "0");
  EXPECT_EQ(put(h, "/proc/sys/net/ipv4/conf/eth0/arp_ignore", "1\n"), Errno::kNone);
  EXPECT_EQ(get(h, "net.ipv4.conf.eth0.arp_ignore"), "1");
  EXPECT_EQ(get(h, "net.ipv4.conf.eth7.arp_ignore"), "(no such key)");
  EXPECT_EQ(get(h, "net.ipv4.conf.eth0.arp_ignor"), "(no such key)");
  EXPECT_EQ(get(h, "net.ipv6.conf.all.forwarding"), "(no such key)");
}

TEST(Sysctl, DefaultsAreThoseOfTheKernel) {
  HostBench h{"eth0 10.0.0.1/24"};
  EXPECT_EQ(get(h, "net.ipv4.ip_local_port_range"), "32768\t60999");
  EXPECT_EQ(get(h, "net.ipv4.conf.all.accept_source_route"), "0");
  EXPECT_EQ(get(h, "net.ipv4.conf.eth0.accept_source_route"), "1");
  EXPECT_EQ(get(h, "net.ipv4.conf.lo.disable_policy"), "1");
  EXPECT_EQ(get(h, "net.ipv4.neigh.eth0.unres_qlen_bytes"), "212992");
  EXPECT_EQ(get(h, "net.ipv4.neigh.default.gc_thresh1"), "128");
  EXPECT_EQ(get(h, "net.ipv4.icmp_ratemask"), "6168");
  EXPECT_EQ(sysctl_list(h.stack).size(), 4 * 33U + 32U + 3 * 15U);
}

TEST(Sysctl, OneWrittenValueLeavesTheOthersAtTheirDefaults) {
  HostBench h{"eth0 10.0.0.1/24"};
  const auto before = sysctl_list(h.stack);
  ASSERT_EQ(put(h, "net.ipv4.conf.eth0.arp_ignore", "1"), Errno::kNone);
  ASSERT_EQ(put(h, "net.ipv4.conf.eth0.arp_ignore", "0"), Errno::kNone);
  EXPECT_EQ(sysctl_list(h.stack), before);
  EXPECT_THAT(sysctl_changed(h.stack), IsEmpty());
}

TEST(Sysctl, BadValuesAreRefused) {
  HostBench h{"eth0 10.0.0.1/24"};
  EXPECT_EQ(put(h, "net.ipv4.ip_default_ttl", "0"), Errno::kInval);
  EXPECT_EQ(put(h, "net.ipv4.ip_default_ttl", "256"), Errno::kInval);
  EXPECT_EQ(put(h, "net.ipv4.conf.all.rp_filter", "yes"), Errno::kInval);
  EXPECT_EQ(put(h, "net.ipv4.ip_local_port_range", "2000 1000"), Errno::kInval);
  EXPECT_EQ(put(h, "net.ipv4.nonsense", "1"), Errno::kNoEnt);
  EXPECT_EQ(put(h, "net.ipv4.ip_local_port_range", "1024 65000"), Errno::kNone);
  EXPECT_EQ(get(h, "net.ipv4.ip_local_port_range"), "1024\t65000");
}

TEST(Sysctl, IpForwardSwitchesEveryDeviceAndTheRedirectsOfAll) {
  HostBench h{"eth0 10.0.0.1/24"};
  ASSERT_EQ(put(h, "net.ipv4.ip_forward", "1"), Errno::kNone);
  EXPECT_EQ(get(h, "net.ipv4.conf.all.forwarding"), "1");
  EXPECT_EQ(get(h, "net.ipv4.conf.default.forwarding"), "1");
  EXPECT_EQ(get(h, "net.ipv4.conf.eth0.forwarding"), "1");
  EXPECT_EQ(get(h, "net.ipv4.conf.all.accept_redirects"), "0");
  ASSERT_EQ(put(h, "net.ipv4.conf.all.forwarding", "0"), Errno::kNone);
  EXPECT_EQ(get(h, "net.ipv4.ip_forward"), "0");
  EXPECT_EQ(get(h, "net.ipv4.conf.all.accept_redirects"), "1");
}

TEST(Sysctl, DefaultReachesDevicesUntilTheyAreWrittenOrGetAnAddress) {
  HostBench h{"eth0 10.0.0.1/24"};
  Step s = h.step();
  add_device(s, h.stack, {.name = "eth1", .mac = mac(1)});
  add_device(s, h.stack, {.name = "eth2", .mac = mac(2)});
  put(h, "net.ipv4.conf.eth1.rp_filter", "2");
  put(h, "net.ipv4.conf.default.rp_filter", "1");
  EXPECT_EQ(get(h, "net.ipv4.conf.eth0.rp_filter"), "0") << "it has an address";
  EXPECT_EQ(get(h, "net.ipv4.conf.lo.rp_filter"), "0") << "it has 127.0.0.1";
  EXPECT_EQ(get(h, "net.ipv4.conf.eth1.rp_filter"), "2") << "written by hand";
  EXPECT_EQ(get(h, "net.ipv4.conf.eth2.rp_filter"), "1");
  put(h, "net.ipv4.conf.all.rp_filter", "0");
  EXPECT_EQ(get(h, "net.ipv4.conf.eth2.rp_filter"), "1") << "all is combined, never copied";
  put(h, "net.ipv4.conf.default.route_localnet", "1");
  EXPECT_EQ(get(h, "net.ipv4.conf.eth2.route_localnet"), "0") << "some reach no device at all";
  put(h, "net.ipv4.neigh.default.retrans_time_ms", "500");
  EXPECT_EQ(get(h, "net.ipv4.neigh.eth0.retrans_time_ms"), "1000");
  EXPECT_EQ(get(h, "net.ipv4.neigh.eth2.retrans_time_ms"), "500");
}

TEST(Sysctl, QueueLengthInPacketsAndInBytesAreOneLimit) {
  HostBench h{"eth0 10.0.0.1/24"};
  put(h, "net.ipv4.neigh.eth0.unres_qlen_bytes", "4192");
  EXPECT_EQ(get(h, "net.ipv4.neigh.eth0.unres_qlen"), "2");
}

}  // namespace
}  // namespace lvslab::ip
