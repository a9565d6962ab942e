#include "sim/ip/conf.h"

#include "sim/ip/conf_store.h"
#include "sim/ip/stack.h"

namespace lvslab::ip {
namespace {

constexpr DevConf make_fallback_conf() {
  DevConf c;
  c[ConfKey::kAcceptRedirects] = 1;
  c[ConfKey::kAcceptSourceRoute] = 1;
  c[ConfKey::kArpEvictNocarrier] = 1;
  c[ConfKey::kIgmpv2UnsolicitedReportInterval] = 10'000;
  c[ConfKey::kIgmpv3UnsolicitedReportInterval] = 1'000;
  c[ConfKey::kSecureRedirects] = 1;
  c[ConfKey::kSendRedirects] = 1;
  c[ConfKey::kSharedMedia] = 1;
  return c;
}
constexpr DevConf make_all_conf() {
  DevConf c = make_fallback_conf();
  c[ConfKey::kAcceptSourceRoute] = 0;
  return c;
}
constexpr DevConf make_lo_conf() {
  DevConf c = make_fallback_conf();
  c[ConfKey::kDisablePolicy] = 1;
  c[ConfKey::kDisableXfrm] = 1;
  return c;
}
constexpr NeighConf make_neigh_conf() {
  NeighConf c;
  c[NeighKey::kAnycastDelay] = 100;
  c[NeighKey::kBaseReachableTimeMs] = 30'000;
  c[NeighKey::kDelayFirstProbeTime] = 5;
  c[NeighKey::kGcStaleTime] = 60;
  c[NeighKey::kIntervalProbeTimeMs] = 5'000;
  c[NeighKey::kLocktime] = 100;
  c[NeighKey::kMcastSolicit] = 3;
  c[NeighKey::kProxyDelay] = 80;
  c[NeighKey::kProxyQlen] = 64;
  c[NeighKey::kRetransTimeMs] = 1'000;
  c[NeighKey::kUcastSolicit] = 3;
  c[NeighKey::kUnresQlen] = 101;
  c[NeighKey::kUnresQlenBytes] = 212'992;
  return c;
}
constexpr std::array<std::int32_t, kGlobalKeys> make_globals() {
  std::array<std::int32_t, kGlobalKeys> g{};
  const auto set = [&g](GlobalKey key, std::int32_t v) { g[static_cast<std::size_t>(key)] = v; };
  set(GlobalKey::kIcmpEchoIgnoreBroadcasts, 1);
  set(GlobalKey::kIcmpIgnoreBogusErrorResponses, 1);
  set(GlobalKey::kIcmpMsgsBurst, 50);
  set(GlobalKey::kIcmpMsgsPerSec, 1'000);
  set(GlobalKey::kIcmpRatelimit, 1'000);
  set(GlobalKey::kIcmpRatemask, 6'168);
  set(GlobalKey::kIpDefaultTtl, 64);
  set(GlobalKey::kIpEarlyDemux, 1);
  set(GlobalKey::kIpForwardUpdatePriority, 1);
  set(GlobalKey::kIpLocalPortLow, 32'768);
  set(GlobalKey::kIpLocalPortHigh, 60'999);
  set(GlobalKey::kIpUnprivilegedPortStart, 1'024);
  set(GlobalKey::kIpfragHighThresh, 4'194'304);
  set(GlobalKey::kIpfragLowThresh, 3'145'728);
  set(GlobalKey::kIpfragMaxDist, 64);
  set(GlobalKey::kIpfragTime, 30);
  set(GlobalKey::kPingGroupLow, 1);  // and none above: nobody
  set(GlobalKey::kGcInterval, 30);
  set(GlobalKey::kGcThresh1, 128);
  set(GlobalKey::kGcThresh2, 512);
  set(GlobalKey::kGcThresh3, 1'024);
  set(GlobalKey::kRouteMinAdvMss, 256);
  set(GlobalKey::kRouteMinPmtu, 552);
  set(GlobalKey::kRouteMtuExpires, 600);
  return g;
}

constexpr DevConf kFallbackConf = make_fallback_conf();
constexpr DevConf kAllConf = make_all_conf();
constexpr DevConf kLoConf = make_lo_conf();
constexpr NeighConf kNeighConf = make_neigh_conf();
constexpr std::array<std::int32_t, kGlobalKeys> kGlobals = make_globals();

}  // namespace

const DevConf& default_conf(bool loopback) { return loopback ? kLoConf : kFallbackConf; }
const DevConf& default_all_conf() { return kAllConf; }
const NeighConf& default_neigh_conf() { return kNeighConf; }

Settings& settings_of(Stack& stack) {
  if (stack.settings.peek() == nullptr) {
    Settings& s = stack.settings.get();
    s.all = kAllConf;
    s.fallback = kFallbackConf;
    s.neigh_default = kNeighConf;
    s.global = kGlobals;
  }
  Settings& s = *stack.settings.peek();
  for (std::size_t i = s.conf.size(); i < stack.devices.size(); ++i) {
    add_device_conf(s, stack.devices[i].loopback);
  }
  return s;
}

void add_device_conf(Settings& settings, bool loopback) {
  DevConf conf = settings.fallback;
  conf.written = 0;
  if (loopback) {
    conf[ConfKey::kDisablePolicy] = 1;
    conf[ConfKey::kDisableXfrm] = 1;
  }
  settings.conf.push_back(conf);
  NeighConf neigh = settings.neigh_default;
  neigh.written = 0;
  settings.neigh.push_back(neigh);
}

std::int32_t conf(const Stack& stack, IfIndex dev, ConfKey key) {
  if (!dev.valid()) return conf_all(stack, key);
  const Settings* s = stack.settings.peek();
  const std::size_t i = dev.value - 1U;
  if (s == nullptr || i >= s->conf.size()) return default_conf(dev == kLoopback)[key];
  return s->conf[i][key];
}

std::int32_t conf_all(const Stack& stack, ConfKey key) {
  const Settings* s = stack.settings.peek();
  return s == nullptr ? kAllConf[key] : s->all[key];
}

bool conf_and(const Stack& stack, IfIndex dev, ConfKey key) {
  return conf_all(stack, key) != 0 && conf(stack, dev, key) != 0;
}
bool conf_or(const Stack& stack, IfIndex dev, ConfKey key) {
  return conf_all(stack, key) != 0 || conf(stack, dev, key) != 0;
}
std::int32_t conf_max(const Stack& stack, IfIndex dev, ConfKey key) {
  return std::max(conf_all(stack, key), conf(stack, dev, key));
}

std::int32_t neigh_conf(const Stack& stack, IfIndex dev, NeighKey key) {
  const Settings* s = stack.settings.peek();
  const std::size_t i = dev.value - 1U;
  if (s == nullptr || i >= s->neigh.size()) return kNeighConf[key];
  return s->neigh[i][key];
}

std::int32_t global(const Stack& stack, GlobalKey key) {
  const Settings* s = stack.settings.peek();
  return s == nullptr ? global_default(key) : s->global[static_cast<std::size_t>(key)];
}
std::int32_t global_default(GlobalKey key) { return kGlobals[static_cast<std::size_t>(key)]; }

}  // namespace lvslab::ip
