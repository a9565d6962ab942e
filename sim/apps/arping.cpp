#include "sim/apps/arping.h"

#include <algorithm>
#include <optional>

#include "sim/wire/arp.h"
#include "sim/wire/ethernet.h"

namespace lvslab::apps {

using Mode = command::ArpingCommand::Mode;

namespace {

bool can_arp(const LinkRow& link) { return link.up && !link.loopback && !link.no_arp; }

void give_up(Step& step, AppIo& io, const command::Output& why) {
  io.print(step, why.out);
  io.print_error(step, why.err);
  io.exit(step, why.status);
}

}  // namespace

void Arping::start(Step& step, AppIo& io) {
  over_ = true;  // until the first probe can be sent
  const auto target = io.resolve(command.target);
  if (!target) {
    give_up(step, io, command::arping_unknown_host(command.target, target.error()));
    return;
  }
  target_ = *target;
  if (!choose_device(step, io) || !choose_source(step, io)) return;
  if (!command.quiet) {
    io.print(step, command::arping_header(target_, source_, device_.name.view()));
  }
  if (command.mode == Mode::kAsk && command.source.empty() && source_.is_any()) {
    give_up(step, io, command::arping_no_source());
    return;
  }
  over_ = false;
  io.tap(device_.dev);
  if (command.deadline.ns > 0) deadline_ = step.now() + command.deadline;
  send_probe(step, io);
  arm(step, io);
}

bool Arping::choose_device(Step& step, AppIo& io) {
  if (!command.device.empty()) {
    const auto device = io.device(command.device);
    if (!device) {
      give_up(step, io, command::arping_no_device(command.device));
    } else if (!device->up) {
      give_up(step, io, command::arping_device_down(command.device));
    } else if (!can_arp(*device)) {
      give_up(step, io, command::arping_not_arpable(command.device));
    } else {
      device_ = *device;
      return true;
    }
    return false;
  }
  const std::vector<LinkRow> devices = io.devices();
  const auto first = std::ranges::find_if(devices, can_arp);
  if (first == devices.end()) {
    give_up(step, io, command::arping_no_device(""));
    return false;
  }
  device_ = *first;
  return true;
}

/// Source: main(): -D asks from 0.0.0.0; -U and -A speak for the target; else the address that a
/// socket connected to the target through this device would have.
bool Arping::choose_source(Step& step, AppIo& io) {
  if (!command.source.empty()) {
    const auto source = io.resolve(command.source);
    const bool binds = source && (source->is_any() || io.is_local(*source));
    if (!source || !(binds || command.mode == Mode::kDuplicate)) {
      give_up(step, io, command::arping_cannot_bind());
      return false;
    }
    source_ = *source;
    return true;
  }
  if (command.mode == Mode::kDuplicate) return true;
  if (command.mode != Mode::kAsk) {
    source_ = target_;
    if (io.is_local(target_)) return true;
    give_up(step, io, command::arping_cannot_bind());
    return false;
  }
  if (const auto own = io.address_of(device_.dev)) source_ = own->local.addr;
  if (target_.is_any() && source_.is_any()) {
    give_up(step, io, command::arping_cannot_connect());
    return false;
  }
  IpSend probe;
  probe.dst = target_;
  probe.oif = device_.dev;
  probe.protocol = IpProto::kUdp;
  // SO_DONTROUTE: routes by a gateway do not count. For an own address it is that address.
  const auto route = io.route(step, probe);
  if (route && route->next_hop == target_ && !route->src.is_any()) source_ = route->src;
  return true;
}

void Arping::send_probe(Step& step, AppIo& io) {
  const FrameRef frame = step.frames().allocate(EthernetRepr::kLength + ArpRepr::kLength);
  const MutBytes bytes = step.frames().writable(frame);
  EthernetRepr{destination_, device_.mac, EtherType::kArp}.emit(
      bytes.first<EthernetRepr::kLength>());
  const bool answer = command.mode == Mode::kAnswer;
  // The target's MAC is what the frame is sent to, as arping fills it in.
  ArpRepr{answer ? ArpOp::kReply : ArpOp::kRequest, device_.mac, source_,
          answer ? device_.mac : destination_, target_}
      .emit(bytes.subspan<EthernetRepr::kLength, ArpRepr::kLength>());
  io.send_frame(step, device_.dev, frame);
  ++stats_.sent;
  if (destination_.is_broadcast()) ++stats_.broadcasts;
  last_sent_ = step.now();
  // After the last one it waits for as long again.
  next_send_ = step.now() + command.interval;
}

void Arping::on_timer(Step& step, AppIo& io) {
  if (over_) return;
  if (step.now() >= next_send_) {
    // Even if all have been answered: event_loop() counts intervals, not answers.
    if (command.count > 0 && stats_.sent >= command.count) return finish(step, io);
    send_probe(step, io);
  }
  if (step.now() >= deadline_) return finish(step, io);
  arm(step, io);
}

void Arping::arm(Step& step, AppIo& io) { io.set_timer(step, std::min(next_send_, deadline_)); }

/// Source: recv_pack(): which ARP messages count as an answer.
void Arping::on_frame(Step& step, AppIo& io, const TappedFrame& frame) {
  if (over_ || frame.outgoing || frame.dev != device_.dev) return;
  const auto ethernet = EthernetRepr::parse(frame.frame);
  if (!ethernet || ethernet->ethertype != EtherType::kArp) return;
  const auto arp = ArpRepr::parse(frame.frame.subspan(EthernetRepr::kLength));
  if (!arp || (arp->op != ArpOp::kRequest && arp->op != ArpOp::kReply)) return;
  if (arp->sender_ip != target_) return;
  if (command.mode == Mode::kDuplicate) {
    if (arp->sender_mac == device_.mac) return;
    if (!source_.is_any() && arp->target_ip != source_) return;
  } else {
    if (arp->target_ip != source_ || arp->target_mac != device_.mac) return;
  }
  const bool broadcast = ethernet->dst.is_multicast();
  const bool request = arp->op == ArpOp::kRequest;
  if (!command.quiet) {
    // -D takes an answer to somebody else's question too, such as that of an arping before it.
    std::optional<Ipv4Addr> asked_by;
    if (arp->target_ip != source_) asked_by = arp->target_ip;
    io.print(step, command::arping_reply(command, broadcast, request, arp->sender_ip,
                                         arp->sender_mac, asked_by, step.now() - last_sent_));
  }
  ++stats_.received;
  if (broadcast) ++stats_.broadcasts_received;
  if (request) ++stats_.requests_received;
  if (command.quit_on_reply || command.mode == Mode::kDuplicate) {
    finish(step, io);
    return;
  }
  if (!command.keep_broadcasting) destination_ = ethernet->src;
}

void Arping::on_signal(Step& step, AppIo& io, Signal) {
  if (!over_) finish(step, io);
}

void Arping::finish(Step& step, AppIo& io) {
  over_ = true;
  if (!command.quiet) io.print(step, command::arping_summary(command, stats_));
  io.exit(step, command::arping_status(command, stats_));
}

}  // namespace lvslab::apps
