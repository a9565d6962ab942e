#include "tests/ip/host_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lvslab::ip {

HostBench::HostBench(std::initializer_list<std::string_view> addresses) {
  TraceNode node;
  node.name = "host";
  trace.add_node(node);
  Step s = step();
  Device lo;
  lo.name = "lo";
  lo.loopback = true;
  lo.multicast = false;
  lo.mtu = 65'536;
  set_link(s, stack, *this, add_device(s, stack, lo), true);
  for (const std::string_view line : addresses) {
    const std::string_view name = line.substr(0, line.find(' '));
    if (!dev(name).valid()) {
      Device device;
      device.name = name;
      device.mac = mac(0x1000 + stack.devices.size());
      set_link(s, stack, *this, add_device(s, stack, device), true);
    }
    if (line.size() > name.size()) add_address(name, line.substr(name.size() + 1));
  }
}

void HostBench::set(std::string_view path, std::string_view value) {
  Step s = step();
  const std::string full = "net.ipv4." + std::string(path);
  ASSERT_EQ(sysctl_set(s, stack, *this, full, value), Errno::kNone) << full;
}

Errno HostBench::add_address(std::string_view name, std::string_view local,
                             std::string_view label) {
  Step s = step();
  AddressRequest request{.dev = dev(name), .local = prefix(local), .label = ShortName(label)};
  if (request.local.len < 31 && name != "lo") request.broadcast = request.local.broadcast();
  return ip::add_address(s, stack, *this, request);
}

Errno HostBench::route(std::string_view dst, std::string_view via, std::string_view name) {
  Step s = step();
  RouteRow row;
  row.dst = dst == "default" ? Ipv4Prefix{{}, 0} : prefix(dst);
  if (!via.empty()) row.gateway = ip4(via);
  if (!name.empty()) row.dev = dev(name);
  row.scope = Scope::kNowhere;
  return add_route(s, stack, RouteVerb::kAdd, row);
}

void HostBench::link(std::string_view name, bool up) {
  Step s = step();
  set_link(s, stack, *this, dev(name), up);
}

void HostBench::receive(std::string_view name, const std::vector<std::uint8_t>& frame) {
  Step s = step();
  const EthernetRepr eth = *EthernetRepr::parse(frame);
  const Bytes rest = Bytes(frame).subspan(EthernetRepr::kLength);
  if (eth.ethertype == EtherType::kArp) {
    arp_receive(s, stack, *this, dev(name), eth, rest);
  } else {
    const FrameRef ref = world.frames.allocate(rest.size());
    std::copy(rest.begin(), rest.end(), world.frames.writable(ref).begin());
    on_ipv4(s, dev(name), eth, ref);
  }
  run_loopback();
}

void HostBench::on_ipv4(Step& s, IfIndex in, const EthernetRepr& eth, FrameRef frame) {
  std::optional<Packet> packet = parse_packet(s, stack, in, eth, frame);
  if (!packet) return;
  const Received r = ip::receive(s, stack, *this, *packet);
  if (r.verdict == Verdict::kForward) {
    if (forward(s, stack, *this, *packet, r.route)) {
      deliver_via(s, stack, *this, *packet, r.route);
    }
  } else if (r.verdict == Verdict::kLocal && packet->ip.protocol == IpProto::kUdp) {
    udp_receive(s, stack, *this, *packet, r.route);
  } else if (r.verdict == Verdict::kLocal) {
    if (packet->ip.protocol == IpProto::kIcmp) {
      IcmpEvent event = icmp_receive(s, stack, *this, *packet, r.route);
      event.payload = event.quoted_data = {};  // they point into the frame
      if (event.kind != IcmpEvent::Kind::kNone) icmp_events.push_back(event);
    }
    world.frames.release(packet->frame);
  }
}

void HostBench::run_loopback() {
  while (!loopback_.empty()) {
    const FrameRef frame = loopback_.front();
    loopback_.erase(loopback_.begin());
    Step s = step();
    const EthernetRepr eth = *EthernetRepr::parse(world.frames.bytes(frame));
    world.frames.pull_front(frame, EthernetRepr::kLength);
    on_ipv4(s, kLoopback, eth, frame);
  }
}

Errno HostBench::send_udp(std::string_view src, std::string_view dst, std::size_t bytes,
                          bool dont_fragment) {
  Step s = step();
  const FrameRef segment = world.frames.allocate(bytes + UdpRepr::kLength);
  const MutBytes out = world.frames.writable(segment);
  std::fill(out.begin(), out.end(), std::uint8_t{0});
  IpSend how{.dst = ip4(dst), .protocol = IpProto::kUdp, .dont_fragment = dont_fragment};
  if (!src.empty()) how.src = ip4(src);
  UdpRepr{5'000, 9, static_cast<std::uint16_t>(bytes)}.emit(out, how.src, how.dst);
  const Errno error = output(s, stack, *this, how, segment);
  run_loopback();
  return error;
}

void HostBench::pass(SimDuration time) {
  const SimTime until = world.now + time;
  while (!timers.empty() && timers.next() <= until) {
    const TimerEntry due = timers.pop();
    world.now = std::max(world.now, due.at);
    Step s = step();
    on_timer(s, stack, *this, due);
    run_loopback();
  }
  world.now = until;
  run_loopback();
}

void HostBench::transmit(Step& /*step*/, IfIndex out, FrameRef frame) {
  if (out == kLoopback) {
    loopback_.push_back(frame);
    return;
  }
  const Bytes bytes = world.frames.bytes(frame);
  sent_.push_back({out, {bytes.begin(), bytes.end()}});
  world.frames.release(frame);
}

void HostBench::on_udp(Step& /*step*/, const UdpEvent& event) {
  if (event.error != Errno::kNone) {
    udp_errors.push_back(event.error);
  } else {
    udp_heard.emplace_back(event.data.begin(), event.data.end());
  }
}

Reason HostBench::last_reason() const {
  const auto records = trace.records();
  for (std::size_t i = records.size(); i-- > 0;) {
    if (records[i].reason != Reason::kNone) return records[i].reason;
  }
  return Reason::kNone;
}

bool HostBench::explained(Reason reason) const {
  const auto records = trace.records();
  return std::any_of(records.begin(), records.end(),
                     [reason](const TraceRecord& r) { return r.reason == reason; });
}

NeighState HostBench::state_of(std::string_view ip, std::string_view name) const {
  const std::uint32_t id = neigh_find(stack, dev(name), ip4(ip));
  if (id == kNoNeigh) return NeighState::kNone;
  return stack.live.peek()->neigh.entries[id].state;
}

MacAddr HostBench::mac_of(std::string_view ip, std::string_view name) const {
  const std::uint32_t id = neigh_find(stack, dev(name), ip4(ip));
  if (id == kNoNeigh) return {};
  return stack.live.peek()->neigh.entries[id].mac;
}

std::vector<std::string> HostBench::routes(std::uint32_t table) const {
  std::vector<std::string> lines;
  for (const FibEntry& e : stack.fib.entries()) {
    if (e.table != table) continue;
    std::string line;
    if (e.type == RouteType::kLocal) line = "local ";
    if (e.type == RouteType::kBroadcast) line = "broadcast ";
    line += Ipv4Prefix{e.dst, e.len}.to_string();
    if (!e.gateway.is_any()) line += " via " + e.gateway.to_string();
    if (e.dev.valid()) line += fmt::format(" dev {}", find_device(stack, e.dev)->name.view());
    if (!e.prefsrc.is_any()) line += " src " + e.prefsrc.to_string();
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> HostBench::addresses() const {
  std::vector<std::string> lines;
  for (const InAddr& a : stack.addrs) {
    lines.push_back(fmt::format("{} {}{}", label_of(stack, a).view(),
                                Ipv4Prefix{a.local, a.prefix_len}.to_string(),
                                a.secondary ? " secondary" : ""));
  }
  return lines;
}

}  // namespace lvslab::ip
