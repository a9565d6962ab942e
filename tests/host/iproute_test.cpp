// ip and the names of interfaces.
#include "tests/host/lan.h"

namespace lvslab::host {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(IpDevice, AnAliasMeansItsInterface) {
  Lan lan(1);
  EXPECT_EQ(lan.type('a', "ip addr add 10.9.9.9/32 dev lo:1"), "");
  EXPECT_THAT(lan.type('a', "ip addr show dev lo:7"),
              AllOf(HasSubstr("1: lo:"), HasSubstr("inet 10.9.9.9/32 scope global lo\n")));
  lan.type('a', "ip route add 10.8.0.0/24 dev eth0:2");
  EXPECT_THAT(lan.type('a', "ip route show dev eth0:3"), HasSubstr("10.8.0.0/24 scope link"));
  lan.type('a', "ip neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev eth0:4");
  EXPECT_THAT(lan.type('a', "ip neigh show dev eth0:5"), HasSubstr("10.0.0.7"));
  lan.type('a', "ip addr del 10.9.9.9/32 dev lo:8; ip link set eth0:9 mtu 1400");
  EXPECT_THAT(lan.type('a', "ip addr"), AllOf(Not(HasSubstr("10.9.9.9")), HasSubstr("mtu 1400")));
}

TEST(IpDevice, OnlyALinkIsAskedForByItsWholeName) {
  Lan lan(1);
  EXPECT_EQ(lan.type('a', "ip link show dev eth0:1; echo $?"),
            "RTNETLINK answers: No such device\n"
            "Cannot send link get request: No such device\n1\n");
  EXPECT_EQ(lan.type('a', "ip addr show dev eth9:1"), "Device \"eth9:1\" does not exist.\n");
}

}  // namespace
}  // namespace lvslab::host
