#include "sim/link/switch.h"

#include "sim/wire/bytes.h"
#include "sim/wire/ethernet.h"

namespace lvslab::link {
namespace {

IfIndex port_index(std::uint32_t port) { return IfIndex(static_cast<std::uint16_t>(port + 1)); }

}  // namespace

std::uint32_t Switch::add_port(std::uint32_t direction) {
  directions_.push_back(direction);
  return static_cast<std::uint32_t>(directions_.size() - 1);
}

std::uint32_t Switch::find(MacAddr mac) const {
  return index_.find(mix64(mac.bits), [&](std::uint32_t i) { return entries_[i].mac == mac; });
}

int Switch::port_of(MacAddr mac, SimTime now) const {
  const std::uint32_t i = find(mac);
  if (i == IndexTable::kNone || now - entries_[i].seen > kAgeing) return -1;
  if (entries_[i].port == kNowhere) return -1;
  return static_cast<int>(entries_[i].port);
}

void Switch::learn(Step& step, MacAddr source, std::uint32_t port) {
  std::uint32_t i = find(source);
  const bool is_new = i == IndexTable::kNone;
  if (is_new) {
    i = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back({source, step.now(), port});
    index_.insert(mix64(source.bits), i);
  }
  Entry& entry = entries_[i];
  entry.seen = step.now();
  if (is_new || entry.port != port) {
    entry.port = port;
    step.explain(Reason::kSwitchLearned, port_index(port),
                 {arg_mac_high(source), arg_mac_low(source), port + 1});
  }
}

void Switch::forget(Step& step, std::uint32_t port) {
  for (Entry& entry : entries_) {
    if (entry.port != port) continue;
    entry.port = kNowhere;
    step.explain(Reason::kSwitchForgot, port_index(port),
                 {arg_mac_high(entry.mac), arg_mac_low(entry.mac), port + 1});
  }
}

void Switch::receive(Step& step, Fabric& fabric, std::uint32_t port, FrameRef frame) {
  const auto header = EthernetRepr::parse(step.frames().bytes(frame));
  if (!header) return step.drop(frame, Reason::kFrameTruncated, port_index(port));
  if (!header->src.is_multicast()) learn(step, header->src, port);

  const MacAddr target = header->dst;
  const int known = target.is_multicast() ? -1 : port_of(target, step.now());
  Step::Arguments about{arg_mac_high(target), arg_mac_low(target), 0};
  if (known == static_cast<int>(port)) {
    about[2] = port + 1;
    return step.drop(frame, Reason::kSwitchFiltered, port_index(port), about);
  }
  if (known >= 0) {
    const auto out = static_cast<std::uint32_t>(known);
    about[2] = out + 1;
    step.explain(Reason::kSwitchForwarded, port_index(port), about);
    return fabric.transmit(step, directions_[out], port_index(out), frame);
  }
  step.explain(Reason::kSwitchFlooded, port_index(port), about);
  for (auto out = static_cast<std::uint32_t>(directions_.size()); out-- > 0;) {
    if (out == port) continue;
    step.frames().retain(frame);
    fabric.transmit(step, directions_[out], port_index(out), frame);
  }
  step.frames().release(frame);
}

}  // namespace lvslab::link
