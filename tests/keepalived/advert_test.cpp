// The timers of the election, and what a router holds an advert against.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/base/prng.h"
#include "sim/keepalived/vrrp.h"

namespace lvslab::keepalived {
namespace {

constexpr Ipv4Addr kPeer{0xc0a8'50c9}, kGroup{0xe000'0012}, kVip{0xc0a8'5096};

VrrpInstance router() {
  VrrpInstance conf;
  conf.name = "VI_1";
  conf.vrid = 51;
  conf.version = 2;
  conf.auth_pass = true;
  std::ranges::copy(std::string_view("1111"), conf.password.begin());
  conf.addresses.push_back({.address = {kVip, 24}});
  conf.multicast_group = kGroup;
  return conf;
}

VrrpRepr advert() {
  VrrpRepr vrrp{.vrid = 51, .priority = 100, .auth = VrrpAuth::kPassword, .addresses = {kVip}};
  std::ranges::copy(std::string_view("1111"), vrrp.password.begin());
  return vrrp;
}

/// What the router says to this advert.
AdvertFault fault(const VrrpRepr& vrrp, std::uint8_t ttl = 255,
                  const VrrpInstance& conf = router()) {
  std::vector<std::uint8_t> message(vrrp.length());
  vrrp.emit(message, kPeer, kGroup);
  const Ipv4Repr ip{.src = kPeer, .dst = kGroup, .protocol = IpProto::kVrrp, .ttl = ttl};
  return fault_of({ip, message}, conf, true);
}

TEST(MasterDownInterval, IsThreeAdvertsAndAShareByPriority) {
  const SimDuration second{1'000'000'000};
  EXPECT_EQ(master_down_interval(2, 3, second, 100).us(), 3'609'375);
  EXPECT_EQ(master_down_interval(2, 3, second, 50).us(), 3'804'687);
  EXPECT_EQ(master_down_interval(2, 3, second * 5, 254).us(), 15'007'812);
  EXPECT_EQ(skew_time(2, second * 5, 128).us(), 500'000);  // version 2: of one second, always
}

TEST(MasterDownInterval, OfVersion3TakesTheShareOfTheInterval) {
  const SimDuration tenth{100'000'000};
  EXPECT_EQ(master_down_interval(3, 3, tenth, 128).us(), 350'000);
  EXPECT_EQ(skew_time(3, tenth * 20, 128).us(), 1'000'000);
}

TEST(Advert, OfTheOwnRouterIsAccepted) { EXPECT_EQ(fault(advert()), AdvertFault::kNone); }

TEST(Advert, FromBeyondARouterIsRefused) { EXPECT_EQ(fault(advert(), 254), AdvertFault::kTtl); }

TEST(Advert, WithAnotherPasswordIsRefused) {
  VrrpRepr vrrp = advert();
  vrrp.password[3] = '2';
  EXPECT_EQ(fault(vrrp), AdvertFault::kPassword);
  vrrp.auth = VrrpAuth::kNone;
  EXPECT_EQ(fault(vrrp), AdvertFault::kAuthType);
}

TEST(Advert, WithAnotherIntervalIsRefused) {
  VrrpRepr vrrp = advert();
  vrrp.advert_int = 2;
  EXPECT_EQ(fault(vrrp), AdvertFault::kInterval);
}

TEST(Advert, OfAnotherVersionIsRefused) {
  VrrpRepr vrrp = advert();
  vrrp.version = 3;
  EXPECT_EQ(fault(vrrp), AdvertFault::kVersion);
}

TEST(Advert, ForOtherAddressesIsRefused) {
  VrrpRepr vrrp = advert();
  vrrp.addresses[0].bits += 1;
  EXPECT_EQ(fault(vrrp), AdvertFault::kAddresses);
  vrrp.addresses.push_back(kVip);
  EXPECT_EQ(fault(vrrp), AdvertFault::kAddressCount);
}

// Any bytes at all are judged, and nothing that differs from the good advert's bytes in the parts
// that are checked is taken.
TEST(Advert, OfAnyBytesIsJudged) {
  Prng prng(5);
  const VrrpInstance conf = router();
  const Ipv4Repr ip{.src = kPeer, .dst = kGroup, .protocol = IpProto::kVrrp, .ttl = 255};
  const VrrpRepr good = advert();
  std::vector<std::uint8_t> bytes(good.length());
  good.emit(bytes, kPeer, kGroup);
  int taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::uint8_t> message = bytes;
    message.resize(prng.below(40), 0);
    for (std::uint32_t n = prng.below(4); n > 0 && !message.empty(); --n) {
      message[prng.below(static_cast<std::uint32_t>(message.size()))] =
          static_cast<std::uint8_t>(prng.next());
    }
    const AdvertFault found = fault_of({ip, message}, conf, true);
    if (found == AdvertFault::kNone) {
      ++taken;
      EXPECT_EQ(message.size(), bytes.size());
      EXPECT_EQ(message[1], 51);
    } else {
      EXPECT_FALSE(fault_text(found, {ip, message}, conf).empty());
    }
  }
  EXPECT_GT(taken, 0);
}

}  // namespace
}  // namespace lvslab::keepalived
