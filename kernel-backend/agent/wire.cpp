#include "kernel-backend/agent/wire.h"

#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <linux/tc_act/tc_pedit.h>
#include <linux/veth.h>
#include <net/if.h>

#include <algorithm>
#include <array>

namespace lvslab::kernel {
namespace {

/// Frames that wait in a cable; more than any lab sends at once.
constexpr std::uint32_t kQueue = 100'000;

std::string inner_name(std::size_t cable, int end) {
  return "w" + std::to_string(cable) + (end == 0 ? "a" : "b");
}
std::string port_name(std::size_t cable, int end) {
  return "p" + std::to_string(cable) + (end == 0 ? "a" : "b");
}
std::string bridge_name(std::uint32_t index) { return "sw" + std::to_string(index); }

std::array<std::uint8_t, 6> mac_bytes(std::uint64_t mac) {
  std::array<std::uint8_t, 6> bytes{};
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(mac >> (40 - 8 * i));
  return bytes;
}

bool is_perfect(const LabImpairment& i) {
  return i.delay_ns == 0 && i.jitter_ns == 0 && i.rate_bps == 0 && i.loss_ppm == 0 &&
         i.duplicate_ppm == 0;
}

/// A share in millionths as netem wants it: of 2^32.
std::uint32_t share(std::uint32_t ppm) {
  if (ppm >= 1'000'000) return 0xffff'ffffU;
  return static_cast<std::uint32_t>((static_cast<std::uint64_t>(ppm) << 32) / 1'000'000);
}

}  // namespace

Result<Wire> Wire::open() {
  Wire wire;
  auto socket = NetlinkSocket::open();
  if (!socket) return std::unexpected(socket.error());
  wire.socket_ = *std::move(socket);
  return wire;
}

// --- pieces --------------------------------------------------------------------------------------

Result<void> Wire::add_bridge(const std::string& name) {
  NetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  request.fixed(ifinfomsg{});
  request.text(IFLA_IFNAME, name);
  const std::size_t info = request.begin(IFLA_LINKINFO);
  request.text(IFLA_INFO_KIND, "bridge");
  const std::size_t data = request.begin(IFLA_INFO_DATA);
  request.attribute(IFLA_BR_STP_STATE, std::uint32_t{0});
  request.attribute(IFLA_BR_FORWARD_DELAY, std::uint32_t{0});
  request.attribute(IFLA_BR_AGEING_TIME, std::uint32_t{300 * 100});  // in 1/100 s
  request.attribute(IFLA_BR_MCAST_SNOOPING, std::uint8_t{0});
  request.end(data);
  request.end(info);
  if (auto made = socket_.talk(request, "bridge " + name); !made) return made;
  made_.push_back(name);
  return set_up(name, true);
}

// A veth pair: `inner` here, `outer` here, too (a port) or in the namespace of a process.
Result<void> Wire::add_pair(const std::string& inner, const std::string& outer, const LabNic* nic,
                            pid_t process, std::uint16_t index) {
  NetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  request.fixed(ifinfomsg{});
  request.text(IFLA_IFNAME, inner);
  request.attribute(IFLA_MTU, std::uint32_t{65'535});
  const std::size_t info = request.begin(IFLA_LINKINFO);
  request.text(IFLA_INFO_KIND, "veth");
  const std::size_t data = request.begin(IFLA_INFO_DATA);
  const std::size_t peer = request.begin(VETH_INFO_PEER);
  ifinfomsg other{};
  other.ifi_index = index;
  request.fixed(other);
  request.text(IFLA_IFNAME, outer);
  request.attribute(IFLA_MTU, nic != nullptr ? nic->mtu : std::uint32_t{65'535});
  if (nic != nullptr) {
    request.attribute(IFLA_ADDRESS, mac_bytes(nic->mac));
    request.attribute(IFLA_NET_NS_PID, static_cast<std::uint32_t>(process));
  }
  request.end(peer);
  request.end(data);
  request.end(info);
  if (auto made = socket_.talk(request, "veth " + outer); !made) return made;
  made_.push_back(inner);
  return {};
}

Result<void> Wire::set_up(const std::string& name, bool up) {
  NetlinkRequest request(RTM_NEWLINK, 0);
  ifinfomsg link{};
  link.ifi_index = static_cast<int>(interface_index(name));
  if (link.ifi_index == 0) return {};  // gone with its host
  link.ifi_change = IFF_UP;
  link.ifi_flags = up ? IFF_UP : 0;
  request.fixed(link);
  return socket_.talk(request, name);
}

Result<void> Wire::join_bridge(const std::string& port, const std::string& bridge) {
  NetlinkRequest request(RTM_NEWLINK, 0);
  ifinfomsg link{};
  link.ifi_index = static_cast<int>(interface_index(port));
  request.fixed(link);
  request.attribute(IFLA_MASTER, std::uint32_t{interface_index(bridge)});
  return socket_.talk(request, port + " in " + bridge);
}

// Gives a frame bytes of its own, as a wire does. Else its sender sees for as long as it is in
// flight that somebody else looks at them (skb_cloned()), and would not join them to what it sends
// again. An edit in front of the network header copies what is shared (act_pedit.c), whatever it
// changes: here nothing.
void add_copy(NetlinkRequest& request) {
  struct {
    tc_pedit_sel selector;
    tc_pedit_key key;
  } edit{};
  static_assert(sizeof(edit) == sizeof(tc_pedit_sel) + sizeof(tc_pedit_key));
  edit.selector.action = TC_ACT_PIPE;
  edit.selector.nkeys = 1;
  edit.key.mask = ~0U;  // the bits that stay
  edit.key.off = static_cast<std::uint32_t>(-4);
  request.text(TCA_ACT_KIND, "pedit");
  const std::size_t action = request.begin(TCA_ACT_OPTIONS);
  request.attribute(TCA_PEDIT_PARMS, edit);
  request.end(action);
}

// Everything that arrives at `from` leaves by `to`: ingress qdisc, matchall, a copy, mirred.
Result<void> Wire::redirect(const std::string& from, const std::string& to) {
  tcmsg at{};
  at.tcm_family = AF_UNSPEC;
  at.tcm_ifindex = static_cast<int>(interface_index(from));
  at.tcm_parent = TC_H_INGRESS;
  at.tcm_handle = TC_H_MAKE(TC_H_INGRESS, 0);
  NetlinkRequest remove(RTM_DELQDISC, 0);
  remove.fixed(at);
  remove.text(TCA_KIND, "ingress");
  static_cast<void>(socket_.talk(remove, from));  // there is none the first time
  NetlinkRequest ingress(RTM_NEWQDISC, NLM_F_CREATE);
  ingress.fixed(at);
  ingress.text(TCA_KIND, "ingress");
  if (auto made = socket_.talk(ingress, "ingress of " + from); !made) return made;

  tcmsg filter{};
  filter.tcm_family = AF_UNSPEC;
  filter.tcm_ifindex = at.tcm_ifindex;
  filter.tcm_parent = TC_H_MAKE(TC_H_INGRESS, 0);
  filter.tcm_info = TC_H_MAKE(1U << 16, __builtin_bswap16(ETH_P_ALL));
  NetlinkRequest request(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL);
  request.fixed(filter);
  request.text(TCA_KIND, "matchall");
  const std::size_t options = request.begin(TCA_OPTIONS);
  const std::size_t actions = request.begin(TCA_MATCHALL_ACT);
  const std::size_t first = request.begin(1);
  add_copy(request);
  request.end(first);
  const std::size_t second = request.begin(2);
  request.text(TCA_ACT_KIND, "mirred");
  const std::size_t action = request.begin(TCA_ACT_OPTIONS);
  tc_mirred mirred{};
  mirred.action = TC_ACT_STOLEN;
  mirred.eaction = TCA_EGRESS_REDIR;
  mirred.ifindex = interface_index(to);
  request.attribute(TCA_MIRRED_PARMS, mirred);
  request.end(action);
  request.end(second);
  request.end(actions);
  request.end(options);
  return socket_.talk(request, "redirection of " + from);
}

Result<void> Wire::shape(const std::string& name, const LabImpairment& impairment, bool replace) {
  tcmsg at{};
  at.tcm_family = AF_UNSPEC;
  at.tcm_ifindex = static_cast<int>(interface_index(name));
  at.tcm_parent = TC_H_ROOT;
  at.tcm_handle = TC_H_MAKE(1U << 16, 0);
  if (at.tcm_ifindex == 0) return {};
  if (!replace && is_perfect(impairment)) return {};
  const auto flags = static_cast<std::uint16_t>(NLM_F_CREATE | (replace ? NLM_F_REPLACE : 0));
  NetlinkRequest request(RTM_NEWQDISC, flags);
  request.fixed(at);
  request.text(TCA_KIND, "netem");
  // The options are a struct followed by attributes.
  const std::size_t options = request.begin(TCA_OPTIONS);
  tc_netem_qopt qopt{};
  qopt.limit = kQueue;
  qopt.loss = share(impairment.loss_ppm);
  qopt.duplicate = share(impairment.duplicate_ppm);
  request.fixed(qopt);
  // netem spreads by ± jitter around the latency; a cable adds up to its jitter.
  request.attribute(TCA_NETEM_LATENCY64, impairment.delay_ns + impairment.jitter_ns / 2);
  request.attribute(TCA_NETEM_JITTER64, impairment.jitter_ns / 2);
  if (impairment.rate_bps != 0) {
    tc_netem_rate rate{};
    const std::uint64_t bytes = impairment.rate_bps / 8;
    rate.rate = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, 0xffff'ffffU));
    request.attribute(TCA_NETEM_RATE, rate);
    if (bytes > 0xffff'ffffU) request.attribute(TCA_NETEM_RATE64, bytes);
  }
  request.end(options);
  return socket_.talk(request, "netem of " + name);
}

void Wire::remove(const std::string& name) {
  NetlinkRequest request(RTM_DELLINK, 0);
  ifinfomsg link{};
  link.ifi_index = static_cast<int>(interface_index(name));
  if (link.ifi_index == 0) return;
  request.fixed(link);
  static_cast<void>(socket_.talk(request, name));
}

// --- the whole -----------------------------------------------------------------------------------

Result<void> Wire::build(const Lab& lab) {
  for (std::uint32_t i = 0; i < lab.switches.size(); ++i) {
    if (auto made = add_bridge(bridge_name(i)); !made) return made;
  }
  for (const int end : {0, 1}) from_[end].clear();
  up_.assign(lab.cables.size(), true);
  for (std::size_t c = 0; c < lab.cables.size(); ++c) {
    for (const int end : {0, 1}) {
      from_[end].push_back(lab.cables[c].from[end]);
      const LabPlug& plug = lab.cables[c].ends[end];
      if (!plug.is_switch) continue;
      if (plug.node >= lab.switches.size()) return fail("a cable to no switch");
      const std::string port = port_name(c, end);
      if (auto made = add_pair(inner_name(c, end), port, nullptr, 0, 0); !made) return made;
      if (auto made = join_bridge(port, bridge_name(plug.node)); !made) return made;
      if (auto made = set_up(port, true); !made) return made;
      if (auto made = set_up(inner_name(c, end), true); !made) return made;
    }
    const bool between_switches =
        lab.cables[c].ends[0].is_switch && lab.cables[c].ends[1].is_switch;
    if (between_switches) {
      if (auto made = connect(static_cast<std::uint32_t>(c)); !made) return made;
    }
  }
  return {};
}

// Both inner ends exist: joins them. What ends[0] sends leaves by inner end 1.
Result<void> Wire::connect(std::uint32_t cable) {
  const std::string a = inner_name(cable, 0);
  const std::string b = inner_name(cable, 1);
  if (interface_index(a) == 0 || interface_index(b) == 0) return {};
  if (auto made = redirect(a, b); !made) return made;
  if (auto made = redirect(b, a); !made) return made;
  if (auto made = shape(b, from_[0][cable], true); !made) return made;
  return shape(a, from_[1][cable], true);
}

Result<void> Wire::attach(const Lab& lab, std::uint32_t host, pid_t process) {
  const std::vector<LabNic>& nics = lab.hosts[host].nics;
  for (std::uint32_t n = 0; n < nics.size(); ++n) {
    const auto index = static_cast<std::uint16_t>(n + 2);
    bool plugged = false;
    for (std::uint32_t c = 0; c < lab.cables.size(); ++c) {
      for (const int end : {0, 1}) {
        const LabPlug& plug = lab.cables[c].ends[end];
        if (plug.is_switch || plug.node != host || plug.nic != n) continue;
        plugged = true;
        const std::string inner = inner_name(c, end);
        if (auto made = add_pair(inner, nics[n].name, &nics[n], process, index); !made) return made;
        if (auto made = set_up(inner, up_[c]); !made) return made;
        if (auto made = connect(c); !made) return made;
      }
    }
    if (plugged) continue;
    const std::string inner = "n" + std::to_string(host) + "x" + std::to_string(n);
    if (auto made = add_pair(inner, nics[n].name, &nics[n], process, index); !made) return made;
  }
  return {};
}

void Wire::detach(const Lab& lab, std::uint32_t host) {
  for (std::uint32_t c = 0; c < lab.cables.size(); ++c) {
    for (const int end : {0, 1}) {
      const LabPlug& plug = lab.cables[c].ends[end];
      if (!plug.is_switch && plug.node == host) remove(inner_name(c, end));
    }
  }
  for (std::size_t n = 0; n < lab.hosts[host].nics.size(); ++n) {
    remove("n" + std::to_string(host) + "x" + std::to_string(n));
  }
}

Result<void> Wire::set_carrier(const Lab& lab, std::uint32_t cable, bool up) {
  if (cable >= lab.cables.size()) return fail("there is no such cable");
  up_[cable] = up;
  for (const int end : {0, 1}) {
    if (auto done = set_up(inner_name(cable, end), up); !done) return done;
  }
  return {};
}

Result<void> Wire::set_far_carrier(const Lab& lab, std::uint32_t host, bool up) {
  for (std::uint32_t c = 0; c < lab.cables.size(); ++c) {
    for (const int end : {0, 1}) {
      const LabPlug& plug = lab.cables[c].ends[end];
      if (plug.is_switch || plug.node != host) continue;
      // A cable that was pulled out stays so, whatever becomes of the host.
      if (auto done = set_up(inner_name(c, 1 - end), up && up_[c]); !done) return done;
    }
  }
  return {};
}

Result<void> Wire::impair(const Lab& lab, std::uint32_t cable, const LabImpairment (&from)[2]) {
  if (cable >= lab.cables.size()) return fail("there is no such cable");
  for (const int end : {0, 1}) {
    from_[end][cable] = from[end];
    if (auto done = shape(inner_name(cable, 1 - end), from[end], true); !done) return done;
  }
  return {};
}

void Wire::clear() {
  for (const std::string& name : made_) remove(name);
  made_.clear();
}

}  // namespace lvslab::kernel
