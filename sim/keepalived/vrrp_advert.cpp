// What a received advert is held against. Source: vrrp_check_packet(), vrrp/vrrp.c of keepalived
// 2.2.7; the order of the checks is its order, since the first fault is the one that is logged.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "sim/keepalived/vrrp.h"

namespace lvslab::keepalived {
namespace {

constexpr std::int64_t kMicro = 1'000;
constexpr std::int64_t kSecond = 1'000'000'000;

SimDuration whole_microseconds(std::int64_t ns) { return {ns / kMicro * kMicro}; }

AdvertFault version2_fault(const VrrpRepr& vrrp, const VrrpInstance& conf) {
  const bool known = vrrp.auth == VrrpAuth::kNone || vrrp.auth == VrrpAuth::kPassword ||
                     vrrp.auth == VrrpAuth::kAh;
  const VrrpAuth expected = conf.auth_pass ? VrrpAuth::kPassword : VrrpAuth::kNone;
  if (!known || vrrp.auth != expected) return AdvertFault::kAuthType;
  if (conf.auth_pass &&
      std::memcmp(vrrp.password.data(), conf.password.data(), VrrpRepr::kAuthLength) != 0) {
    return AdvertFault::kPassword;
  }
  return vrrp.advert_int * kSecond == conf.advert_int.ns ? AdvertFault::kNone
                                                         : AdvertFault::kInterval;
}

}  // namespace

SimDuration skew_time(std::uint8_t version, SimDuration advert_int, std::uint8_t priority) {
  const std::int64_t share = 256 - priority;
  if (version == 3) return whole_microseconds(share * (advert_int.ns / 10'000'000) * 625'000 / 16);
  return whole_microseconds(share * kSecond / 256);
}

SimDuration master_down_interval(std::uint8_t version, std::uint32_t adverts,
                                 SimDuration advert_int, std::uint8_t priority) {
  return advert_int * adverts + skew_time(version, advert_int, priority);
}

AdvertFault fault_of(const ReceivedAdvert& advert, const VrrpInstance& conf, bool check_addresses) {
  constexpr std::uint8_t kTtl = 255;
  const Bytes message = advert.message;
  if (message.size() < VrrpRepr::kLength) return AdvertFault::kLength;
  const std::uint8_t version = message[0] >> 4, count = message[3];
  if (message.size() != VrrpRepr::length_of(version, count)) return AdvertFault::kLength;
  if (!conf.unicast() && advert.ip.ttl != kTtl) return AdvertFault::kTtl;
  if (version != conf.version) return AdvertFault::kVersion;
  const auto vrrp = VrrpRepr::parse(message);
  if (!vrrp) return AdvertFault::kVersion;
  if (version == 2) {
    if (const AdvertFault fault = version2_fault(*vrrp, conf); fault != AdvertFault::kNone) {
      return fault;
    }
  }
  if (vrrp->type != VrrpRepr::kAdvertisement) return AdvertFault::kType;
  if (check_addresses && count != conf.addresses.size()) return AdvertFault::kAddressCount;
  if (!VrrpRepr::checksum_ok(message, advert.ip.src, advert.ip.dst)) return AdvertFault::kChecksum;
  if (advert.ip.dst.is_multicast() == conf.unicast()) return AdvertFault::kMulticast;
  if (!check_addresses) return AdvertFault::kNone;
  for (const VirtualAddress& vip : conf.addresses) {
    if (std::ranges::find(vrrp->addresses, vip.address.addr) == vrrp->addresses.end()) {
      return AdvertFault::kAddresses;
    }
  }
  const bool known =
      std::ranges::find(conf.unicast_peers, advert.ip.src) != conf.unicast_peers.end();
  if (conf.unicast() && conf.check_unicast_src && !known) return AdvertFault::kPeer;
  return AdvertFault::kNone;
}

void count_advert(VrrpStats& stats, const ReceivedAdvert& advert, AdvertFault fault) {
  const bool counts = fault == AdvertFault::kNone || fault == AdvertFault::kAddresses ||
                      fault == AdvertFault::kPeer;
  if (counts) ++stats.adverts_received;
  switch (fault) {
    case AdvertFault::kNone:
      if (advert.message[2] == 0) ++stats.zeros_received;
      return;
    case AdvertFault::kLength: ++stats.bad_length; return;
    case AdvertFault::kTtl: ++stats.bad_ttl; return;
    case AdvertFault::kType: ++stats.bad_type; return;
    case AdvertFault::kAddressCount:
    case AdvertFault::kMulticast:
    case AdvertFault::kAddresses: ++stats.bad_addresses; return;
    case AdvertFault::kAuthType:
      ++(advert.message[4] > 2 ? stats.bad_auth_type : stats.other_auth_type);
      return;
    case AdvertFault::kPassword: ++stats.bad_password; return;
    case AdvertFault::kVersion:
    case AdvertFault::kInterval:
    case AdvertFault::kChecksum:
    case AdvertFault::kPeer: return;
  }
}

std::string fault_text(AdvertFault fault, const ReceivedAdvert& advert, const VrrpInstance& conf) {
  const Bytes m = advert.message;
  const int version = m.empty() ? 0 : m[0] >> 4;
  const int auth = conf.auth_pass ? 1 : 0;
  switch (fault) {
    case AdvertFault::kNone: return {};
    case AdvertFault::kLength: {
      const std::size_t expected =
          m.size() < VrrpRepr::kLength
              ? VrrpRepr::kLength
              : VrrpRepr::length_of(static_cast<std::uint8_t>(version), m[3]);
      return fmt::format("({}) vrrp packet too {}, length {} and expect {}", conf.name,
                         m.size() > expected ? "long" : "short", m.size() + advert.ip.header_length,
                         expected + advert.ip.header_length);
    }
    case AdvertFault::kTtl:
      return fmt::format("({}) invalid TTL/HL. Received {} and expect 255", conf.name,
                         advert.ip.ttl);
    case AdvertFault::kVersion:
      return fmt::format("({}) wrong version. Received {} and expect {}", conf.name, version,
                         conf.version);
    case AdvertFault::kAuthType:
      if (m[4] > 2) return fmt::format("({}) Invalid auth type: {}", conf.name, m[4]);
      return fmt::format("({}) received a {} auth, expecting {}!", conf.name, m[4], auth);
    case AdvertFault::kPassword: return fmt::format("({}) received an invalid passwd!", conf.name);
    case AdvertFault::kInterval:
      return fmt::format("({}) advertisement interval mismatch mine={} sec rcv'd={} sec", conf.name,
                         conf.advert_int.seconds(), m[5]);
    case AdvertFault::kType:
      return fmt::format("({}) Invalid packet type. {} and expect 1", conf.name, m[0] & 0xf);
    case AdvertFault::kAddressCount:
      return fmt::format("({}) received an unexpected ip number count {}, expected {}!", conf.name,
                         m[3], conf.addresses.size());
    case AdvertFault::kChecksum:
      return fmt::format("({}) Invalid VRRPv{} checksum", conf.name, version);
    case AdvertFault::kMulticast:
      return fmt::format("({}) Expected {}icast packet but received {}icast packet", conf.name,
                         conf.unicast() ? "un" : "mult", conf.unicast() ? "mult" : "un");
    case AdvertFault::kAddresses:
      return fmt::format("({}) ip address associated with VRID {} not present in MASTER advert: {}",
                         conf.name, conf.vrid,
                         conf.addresses.empty() ? "" : conf.addresses[0].address.addr.to_string());
    case AdvertFault::kPeer:
      return fmt::format("({}) unicast source address {} not a unicast peer", conf.name,
                         advert.ip.src.to_string());
  }
  return {};
}

std::string_view to_string(VrrpState state) {
  switch (state) {
    case VrrpState::kInit: return "INIT";
    case VrrpState::kBackup: return "BACKUP";
    case VrrpState::kMaster: return "MASTER";
    case VrrpState::kFault: return "FAULT";
  }
  return "";
}

}  // namespace lvslab::keepalived
