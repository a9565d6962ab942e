#include "sim/apps/traceroute.h"

#include <algorithm>
#include <array>

#include "sim/core/errno_text.h"
#include "sim/wire/icmpv4.h"
#include "sim/wire/udp.h"

namespace lvslab::apps {
namespace {

using namespace lvslab::literals;

constexpr SimDuration kPrecision = 1_ms;                                // DEF_WAIT_PREC
constexpr std::size_t kHeaders = Ipv4Repr::kLength + UdpRepr::kLength;  // both methods: 28

void fill(MutBytes payload) {
  for (std::size_t i = 0; i < payload.size(); ++i) {
    payload[i] = static_cast<std::uint8_t>(0x40 + (i & 0x3f));
  }
}

std::size_t payload_size(std::uint32_t packet_len) {
  return packet_len > kHeaders ? packet_len - kHeaders : 0;
}

}  // namespace

bool Traceroute::fail(Step& step, AppIo& io, const command::Output& why) {
  io.print(step, why.out);
  io.print_error(step, why.err);
  finish(step, io, why.status);
  return false;
}

void Traceroute::start(Step& step, AppIo& io) {
  if (!prepare(step, io)) return;
  io.print(step, command::traceroute_header(command, target_));
  if (const auto route = io.route(step, how_); !route) {
    fail(step, io, command::traceroute_failed("connect", errno_text(route.error())));
    return;
  }
  if (command.method == command::TracerouteCommand::Method::kIcmp) {
    identifier_ = static_cast<std::uint16_t>(io.pid());
    io.listen_icmp(identifier_);
  }
  probes_.resize(std::size_t{command.max_ttl} * command.queries);
  first_ = (command.first_ttl - 1) * command.queries;
  end_ = static_cast<std::uint32_t>(probes_.size());
  work(step, io);
}

bool Traceroute::prepare(Step& step, AppIo& io) {
  const auto target = io.resolve(command.target);
  if (!target)
    return fail(step, io, command::traceroute_unknown_host(command.target, 1, target.error()));
  target_ = *target;
  how_.dst = target_;
  how_.protocol =
      command.method == command::TracerouteCommand::Method::kIcmp ? IpProto::kIcmp : IpProto::kUdp;
  how_.dont_fragment = false;
  if (!command.source.empty()) {
    const auto source = Ipv4Addr::parse(command.source);
    if (!source || !io.is_local(*source)) {
      return fail(step, io, command::traceroute_failed("bind", errno_text(Errno::kAddrNotAvail)));
    }
    how_.src = *source;
  }
  if (!command.interface.empty()) {
    const auto device = io.device(command.interface);
    if (!device) {
      return fail(step, io,
                  command::traceroute_failed("setsockopt SO_BINDTODEVICE", "No such device"));
    }
    how_.oif = device->dev;
    const auto own = io.address_of(device->dev);
    if (own && how_.src.is_any()) how_.src = own->local.addr;
  }
  return true;
}

std::uint32_t Traceroute::ttl_of(std::uint32_t index) const { return index / command.queries + 1; }

void Traceroute::on_timer(Step& step, AppIo& io) {
  if (!over_) work(step, io);
}

/// One turn of do_it(): only the first probe that is not printed yet can time out.
void Traceroute::work(Step& step, AppIo& io) {
  SimTime wake = SimTime::never();
  std::uint32_t waiting = 0;
  for (std::uint32_t n = first_; n < end_; ++n) {
    Probe& probe = probes_[n];
    if (n == first_ && !probe.done && probe.sent != SimTime::never()) {
      const SimTime expires = probe.sent + timeout_of(n);
      if (expires > step.now()) {
        wake = expires;
      } else {
        probe.done = true;
        close_socket(step, io, probe);
      }
    }
    if (probe.done) {
      if (n == first_) {
        print_probe(step, io, n);
        ++first_;
      }
      if (probe.final) end_ = ttl_of(n) * command.queries;
      continue;
    }
    if (probe.sent == SimTime::never()) {
      if (!send_probe(step, io, n)) return;
      if (n == first_) wake = probe.sent + timeout_of(n);
    }
    if (++waiting >= command.simultaneous) break;
  }
  if (first_ >= end_) {
    finish(step, io, 0);
  } else {
    io.set_timer(step, wake);
  }
}

/// Source: get_timeout().
SimDuration Traceroute::timeout_of(std::uint32_t index) const {
  const auto limited = [&](const Probe& answered, std::uint32_t factor) {
    return std::min((answered.result.rtt + kPrecision) * factor, command.wait);
  };
  if (command.here > 0) {
    const std::uint32_t hop = index - index % command.queries;
    for (std::uint32_t i = hop; i < hop + command.queries; ++i) {
      if (probes_[i].result.answered) return limited(probes_[i], command.here);
    }
  }
  if (command.near > 0) {
    for (std::size_t i = index + 1; i < probes_.size() && probes_[i].sent != SimTime::never();
         ++i) {
      if (probes_[i].result.answered) return limited(probes_[i], command.near);
    }
  }
  return command.wait;
}

void Traceroute::print_probe(Step& step, AppIo& io, std::uint32_t index) {
  const std::uint32_t in_hop = index % command.queries;
  const command::TracerouteProbe* previous = in_hop > 0 ? &probes_[index - 1].result : nullptr;
  io.print(step, command::traceroute_probe(command, ttl_of(index), in_hop, probes_[index].result,
                                           previous));
}

bool Traceroute::send_probe(Step& step, AppIo& io, std::uint32_t index) {
  probes_[index].sent = step.now();
  return command.method == command::TracerouteCommand::Method::kIcmp
             ? send_echo(step, io, index)
             : send_datagram(step, io, index);
}

bool Traceroute::send_datagram(Step& step, AppIo& io, std::uint32_t index) {
  const auto socket = io.udp_open(step, {how_.src, command.source_port});
  if (!socket) {
    return fail(step, io, command::traceroute_failed("bind", errno_text(socket.error())));
  }
  probes_[index].socket = *socket;
  io.udp_never_df(*socket);
  std::vector<std::uint8_t> payload(payload_size(command.packet_len));
  fill(payload);
  const Endpoint to{target_, static_cast<std::uint16_t>(command.port + (one_port() ? 0 : index))};
  const Errno error =
      io.udp_send(step, *socket, to, static_cast<std::uint8_t>(ttl_of(index)), payload);
  const bool told_later = error == Errno::kNone || error == Errno::kHostUnreach ||
                          error == Errno::kConnRefused || error == Errno::kMsgSize;
  return told_later || fail(step, io, command::traceroute_failed("send", errno_text(error)));
}

bool Traceroute::send_echo(Step& step, AppIo& io, std::uint32_t index) {
  const FrameRef frame =
      step.frames().allocate(IcmpRepr::kLength + payload_size(command.packet_len));
  const MutBytes message = step.frames().writable(frame);
  fill(message.subspan(IcmpRepr::kLength));
  IcmpRepr::echo(IcmpType::kEchoRequest, identifier_, static_cast<std::uint16_t>(index + 1))
      .emit(message);
  IpSend how = how_;
  how.ttl = static_cast<std::uint8_t>(ttl_of(index));
  const Errno error = io.send_ip(step, how, frame);
  const bool told_later = error == Errno::kNone || error == Errno::kHostUnreach;
  return told_later || fail(step, io, command::traceroute_failed("send", errno_text(error)));
}

void Traceroute::on_icmp(Step& step, AppIo& io, const IcmpNews& news) {
  const auto icmp = IcmpRepr::parse_header(news.message);
  if (over_ || !icmp || icmp->type == IcmpType::kRedirect) return;
  if (icmp->type == IcmpType::kEchoReply) {
    if (identifier_ != 0 && icmp->id() == identifier_ && icmp->sequence() > 0) {
      answer(step, io, icmp->sequence() - 1U, news.from, {}, true);
    }
    return;
  }
  if (!icmp->is_error()) return;
  const Bytes quote = news.message.subspan(IcmpRepr::kLength);
  const auto ip = Ipv4Repr::parse_header(quote);
  if (!ip || ip->dst != target_ || ip->protocol != how_.protocol) return;
  const Bytes transport = quote.subspan(ip->header_length);
  std::uint32_t index = 0;
  if (how_.protocol == IpProto::kIcmp) {
    const auto echo = IcmpRepr::parse_header(transport);
    if (!echo || echo->id() != identifier_) return;
    index = echo->sequence() - 1U;
  } else {
    const auto udp = UdpRepr::parse_header(transport);
    if (!udp) return;
    index = probe_of(io, *udp);
    if (index >= probes_.size()) return;
  }
  const auto type = static_cast<std::uint8_t>(icmp->type);
  answer(step, io, index, news.from, command::traceroute_mark(type, icmp->code, icmp->mtu()),
         icmp->type != IcmpType::kTimeExceeded);
}

std::uint32_t Traceroute::probe_of(AppIo& io, const UdpRepr& udp) const {
  const auto is_open = [&](std::uint32_t index) {
    return index < probes_.size() && probes_[index].socket != kNoSocket &&
           io.udp_local(probes_[index].socket).port == udp.src_port;
  };
  const auto none = static_cast<std::uint32_t>(probes_.size());
  if (!one_port()) {
    const std::uint32_t index = static_cast<std::uint16_t>(udp.dst_port - command.port);
    return is_open(index) ? index : none;
  }
  if (udp.dst_port != command.port) return none;
  for (std::uint32_t index = first_; index < end_; ++index) {
    if (is_open(index)) return index;
  }
  return none;
}

void Traceroute::on_udp(Step& step, AppIo& io, const UdpNews& news) {
  if (over_ || news.error != Errno::kNone) return;  // errors come with their message as ICMP
  for (std::uint32_t i = first_; i < end_; ++i) {
    if (probes_[i].socket == news.socket) {
      answer(step, io, i, news.from.addr, {}, true);
      return;
    }
  }
}

void Traceroute::answer(Step& step, AppIo& io, std::uint32_t index, Ipv4Addr from, std::string mark,
                        bool final) {
  if (index >= probes_.size()) return;
  Probe& probe = probes_[index];
  if (probe.done || probe.sent == SimTime::never()) return;
  probe.done = true;
  probe.final = final;
  probe.result.answered = true;
  probe.result.from = from;
  if (!command.numeric) probe.result.from_name = io.name_of(from).value_or("");
  probe.result.rtt = step.now() - probe.sent;
  probe.result.mark = std::move(mark);
  close_socket(step, io, probe);
  work(step, io);
}

void Traceroute::close_socket(Step& step, AppIo& io, Probe& probe) {
  if (probe.socket == kNoSocket) return;
  io.udp_close(step, probe.socket);
  probe.socket = kNoSocket;
}

void Traceroute::finish(Step& step, AppIo& io, int status) {
  over_ = true;
  for (Probe& probe : probes_) close_socket(step, io, probe);
  io.exit(step, status);
}

}  // namespace lvslab::apps
