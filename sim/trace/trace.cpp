#include "sim/trace/trace.h"

#include <algorithm>

#include <fmt/format.h>

namespace lvslab {
namespace {

// Adds the fields of a row to a digest: every field that a viewer can see.
class RowDigest {
 public:
  explicit RowDigest(Digest& digest) : d_(digest) {}

  void operator()(const LinkRow& r) {
    all(r.dev.value, r.mac.bits, r.mtu, r.up, r.carrier, r.no_arp);
    d_.add(r.name.view());
  }
  void operator()(const AddrRow& r) {
    all(r.dev.value, r.local.addr.bits, r.local.len, r.broadcast.bits, code(r.scope), r.secondary);
    d_.add(r.label.view());
  }
  void operator()(const RouteRow& r) {
    all(r.table, code(r.type), r.dst.addr.bits, r.dst.len, r.gateway.bits, r.dev.value,
        code(r.scope), code(r.proto), r.prefsrc.bits, r.metric);
  }
  void operator()(const Addr6Row& r) {
    all(r.dev.value);
    address(r.local.addr);
    all(r.local.len, code(r.scope));
  }
  void operator()(const Route6Row& r) {
    all(r.table, code(r.type));
    address(r.dst.addr);
    all(r.dst.len);
    address(r.gateway);
    all(r.dev.value, code(r.proto));
    address(r.prefsrc);
    all(r.metric, r.multicast, r.anycast);
  }
  void operator()(const RuleRow& r) {
    all(r.priority, r.from.addr.bits, r.from.len, r.to.addr.bits, r.to.len, r.fwmark, r.fwmask,
        r.table, code(r.action));
    d_.add(r.iif.view());
    d_.add(r.oif.view());
  }
  void operator()(const NeighRow& r) {
    all(r.dev.value);
    address(r.ip);
    all(r.mac.bits, code(r.state), r.probes);
  }
  void operator()(const SocketRow& r) {
    all(code(r.proto));
    address(r.local);
    all(r.local_port);
    address(r.remote);
    all(r.remote_port, code(r.state), r.pid, r.id);
  }
  void operator()(const IpvsServiceRow& r) {
    key(r.key);
    all(r.persistent, r.one_packet, r.timeout_s, r.netmask.bits);
    d_.add(r.scheduler.view());
  }
  void operator()(const IpvsDestRow& r) {
    key(r.service);
    address(r.addr);
    all(r.port, code(r.forward), r.weight, r.upper, r.lower, r.active, r.inactive, r.persistent);
  }
  void operator()(const IpvsConnRow& r) {
    all(r.protocol);
    address(r.client);
    all(r.client_port);
    address(r.virt);
    all(r.virt_port);
    address(r.dest);
    all(r.dest_port, code(r.state), code(r.forward), r.expires.ns, r.id);
  }
  void operator()(const SysctlRow& r) {
    d_.add(r.path);
    d_.add(r.value);
  }

 private:
  template <class E>
  static std::uint64_t code(E e) {
    return static_cast<std::uint64_t>(e);
  }
  template <class... T>
  void all(T... values) {
    (d_.add(static_cast<std::uint64_t>(values)), ...);
  }
  // One number for IPv4, as it always was.
  void address(IpAddr a) {
    if (a.is_v4()) return all(a.v4().bits);
    all(a.v6().high, a.v6().low);
  }
  void key(const IpvsServiceKey& k) {
    all(k.protocol);
    address(k.addr);
    all(k.port, k.fwmark);
  }

  Digest& d_;
};

// Where each frame would end if all were laid in a row, and then all their bytes as one.
void add_frames(Digest& digest, const FrameStore& frames) {
  std::vector<std::uint8_t> all, buffer;
  for (std::uint32_t i = 0; i < frames.size(); ++i) {
    const Bytes frame = frames.read(FrameId(i), buffer);
    all.insert(all.end(), frame.begin(), frame.end());
    digest.add(all.size());
  }
  digest.add(Bytes(all));
}

}  // namespace

NodeId Trace::add_node(TraceNode node) {
  nodes_.push_back(std::move(node));
  return NodeId(static_cast<std::uint32_t>(nodes_.size() - 1));
}

NodeId Trace::find_node(std::string_view name) const {
  const auto found = std::ranges::find(nodes_, name, &TraceNode::name);
  return found == nodes_.end() ? NodeId()
                               : NodeId(static_cast<std::uint32_t>(found - nodes_.begin()));
}

std::uint32_t Trace::add_text(std::string_view text) {
  text_bytes_.insert(text_bytes_.end(), text.begin(), text.end());
  text_ends_.push_back(text_bytes_.size());
  return static_cast<std::uint32_t>(text_ends_.size() - 1);
}

Trace::Mark Trace::mark() const {
  return {records_.size(), frames_.size(), text_ends_.size(), rows_.size()};
}

void Trace::truncate(const Mark& mark) {
  records_.cut(mark.records);
  frames_.cut(mark.frames);
  text_ends_.resize(mark.texts);
  text_bytes_.resize(text_ends_.empty() ? 0 : text_ends_.back());
  rows_.cut(mark.rows);
  addresses_learnt_ = 0;
}

void Trace::learn_addresses(std::span<const Ipv6Addr> known) {
  if (addresses_learnt_ == known.size()) return;
  addresses_.assign(known.begin(), known.end());
  addresses_learnt_ = known.size();
}

IpAddr Trace::address(Ipv4Addr addr) const {
  if (!addr.names_ipv6()) return addr;
  const std::uint32_t at = addr.bits - Ipv4Addr::any6().bits;
  return at > 0 && at <= addresses_.size() ? addresses_[at - 1] : Ipv6Addr::any();
}

std::string_view Trace::text(std::uint32_t index) const {
  const std::uint64_t begin = index == 0 ? 0 : text_ends_[index - 1];
  return std::string_view(text_bytes_.data(), text_bytes_.size())
      .substr(begin, text_ends_[index] - begin);
}

void Trace::add_device(NodeId node, const LinkRow& device) {
  std::vector<LinkRow>& devices = nodes_[node.value].devices;
  if (std::ranges::find(devices, device.dev, &LinkRow::dev) == devices.end()) {
    devices.push_back(device);
  }
}

std::string Trace::dev_name(NodeId node, IfIndex dev) const {
  if (!dev.valid()) return "";
  const TraceNode& of = nodes_[node.value];
  if (of.is_switch) return fmt::format("port{}", dev.value);
  for (const LinkRow& link : of.devices) {
    if (link.dev == dev) return std::string(link.name.view());
  }
  return fmt::format("if{}", dev.value);
}

std::uint64_t Trace::digest() const {
  Digest d;
  for (const TraceNode& node : nodes_) d.add(node.name);
  for (const TraceRecord& r : records_.all()) {
    d.add(static_cast<std::uint64_t>(r.at.ns));
    d.add(static_cast<std::uint64_t>(r.cause.value) << 32 | r.node.value);
    d.add(static_cast<std::uint64_t>(r.frame.value) << 32 | r.args[0]);
    d.add(static_cast<std::uint64_t>(r.args[1]) << 32 | r.args[2]);
    d.add(static_cast<std::uint64_t>(r.dev.value) << 32 |
          static_cast<std::uint64_t>(r.reason) << 8 | static_cast<std::uint64_t>(r.kind));
  }
  add_frames(d, frames_);
  for (const std::uint64_t end : text_ends_) d.add(end);
  d.add(std::string_view(text_bytes_.data(), text_bytes_.size()));
  for (std::uint32_t i = 0; i < rows_.size(); ++i) std::visit(RowDigest(d), rows_[i]);
  return d.value();
}

std::size_t Trace::memory_bytes() const {
  return records_.memory_bytes() + rows_.memory_bytes() + frames_.memory_bytes() +
         text_bytes_.capacity() + text_ends_.capacity() * sizeof(std::uint64_t);
}

}  // namespace lvslab
