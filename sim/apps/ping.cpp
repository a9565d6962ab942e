#include "sim/apps/ping.h"

#include <algorithm>

#include "sim/base/calendar.h"
#include "sim/core/errno_text.h"
#include "sim/wire/icmpv4.h"
#include "sim/wire/icmpv6.h"

namespace lvslab::apps {
namespace {

/// struct timeval at the front of the payload, as a 64-bit little-endian machine writes it.
constexpr std::size_t kStamp = 16;

void store_le64(std::uint8_t* p, std::uint64_t v) {
  for (int i = 0; i < 8; ++i) p[i] = static_cast<std::uint8_t>(v >> (8 * i));
}
std::uint64_t load_le64(const std::uint8_t* p) {
  std::uint64_t v = 0;
  for (int i = 7; i >= 0; --i) v = v << 8 | p[i];
  return v;
}

/// The time stamp of a payload in ns since 1970.
std::int64_t stamp_of(Bytes payload) {
  const auto seconds = static_cast<std::int64_t>(load_le64(payload.data()));
  const auto microseconds = static_cast<std::int64_t>(load_le64(payload.data() + 8));
  return seconds * 1'000'000'000 + microseconds * 1'000;
}

/// The sequence number of the echo request that an ICMP error quotes; nothing if it is not ours.
std::optional<std::uint16_t> quoted_sequence(Bytes message, std::uint16_t identifier) {
  const Bytes quote = message.subspan(std::min(message.size(), IcmpRepr::kLength));
  if (const auto ip6 = Ipv6Repr::parse_header(quote)) {
    const auto icmp = Icmp6Repr::parse_header(quote.subspan(Ipv6Repr::kLength));
    const bool ours = ip6->protocol == IpProto::kIcmp6 && icmp &&
                      icmp->type == Icmp6Type::kEchoRequest && icmp->id() == identifier;
    return ours ? std::optional(icmp->sequence()) : std::nullopt;
  }
  const auto ip = Ipv4Repr::parse_header(quote);
  if (!ip || ip->protocol != IpProto::kIcmp) return std::nullopt;
  const auto icmp = IcmpRepr::parse_header(quote.subspan(ip->header_length));
  if (!icmp || icmp->type != IcmpType::kEchoRequest || icmp->id() != identifier) {
    return std::nullopt;
  }
  return icmp->sequence();
}

}  // namespace

void Ping::start(Step& step, AppIo& io) {
  if (!prepare(step, io)) return;
  identifier_ = static_cast<std::uint16_t>(io.pid());
  io.listen_icmp(identifier_);
  io.print(step, command::ping_header(command, io.shown(target_),
                                      command.interface.empty() ? IpAddr{} : io.shown(how_.src)));
  began_ = next_send_ = step.now();
  if (command.deadline.ns > 0) deadline_ = began_ + command.deadline;
  on_timer(step, io);
}

/// getaddrinfo(): an IPv6 address that can be reached comes before one of IPv4 (RFC 6724 §6).
std::expected<Ipv4Addr, command::NameError> Ping::find_target(Step& step, AppIo& io) {
  std::string_view name = command.target;
  if (const std::size_t zone = name.find('%'); zone != std::string_view::npos) {
    if (command.interface.empty()) command.interface = name.substr(zone + 1);
    name = name.substr(0, zone);
  }
  if (command.inet) return io.resolve(name);
  const auto six = io.resolve6(name);
  if (command.inet6) return six;
  const bool is_address = Ipv6Addr::parse(name).has_value();
  if (six && (is_address || io.route(step, {.dst = *six}))) return six;
  return io.resolve(name);
}

bool Ping::prepare(Step& step, AppIo& io) {
  const auto fail = [&](const command::Output& why) {
    io.print(step, why.out);
    io.print_error(step, why.err);
    io.exit(step, why.status);
    over_ = true;
    return false;
  };
  const auto target = find_target(step, io);
  if (!target) return fail(command::ping_unknown_host(command.target, target.error()));
  target_ = target->is_any() ? Ipv4Addr{0x7f00'0001} : *target;
  how_.dst = target_;
  how_.protocol = target_.names_ipv6() ? IpProto::kIcmp6 : IpProto::kIcmp;
  if (command.ttl != 0) how_.ttl = command.ttl;
  if (!bind_to_interface(step, io)) return false;
  const auto route = io.route(step, how_);
  // With -I ADDRESS it does not try the route.
  const bool bound = how_.oif == IfIndex{} && !how_.src.is_any();
  if (!route && !bound) {
    // A prohibit route: ping cannot tell it from a broadcast address.
    const bool forbidden = route.error() == Errno::kAcces && !command.broadcast;
    return fail(forbidden ? command::ping_is_broadcast()
                          : command::ping_connect_failed(errno_text(route.error())));
  }
  if (target_.names_ipv6()) {
    if (route && how_.src.is_any()) how_.src = route->src;
    return true;
  }
  const bool to_broadcast = io.is_broadcast(target_);
  if (to_broadcast && !command.broadcast) return fail(command::ping_is_broadcast());
  if (to_broadcast) io.print_error(step, "WARNING: pinging broadcast address\n");
  if (how_.src.is_any()) how_.src = route->src;
  return true;
}

bool Ping::bind_to_interface(Step& step, AppIo& io) {
  if (command.interface.empty()) return true;
  command::Output why;
  const auto addr = IpAddr::parse(command.interface);
  if (addr && addr->is_v4() != target_.names_ipv6()) {
    how_.src = addr->is_v4() ? addr->v4() : io.name_of_ipv6(addr->v6());
    if (io.is_local(how_.src)) return true;
    why = command::ping_cannot_bind();
  } else if (const auto device = io.device(command.interface)) {
    how_.oif = device->dev;
    if (target_.names_ipv6()) return true;
    if (const auto own = io.address_of(device->dev)) how_.src = own->local.addr;
    return true;
  } else {
    why = command::ping_no_device(command.interface);
  }
  io.print_error(step, why.err);
  io.exit(step, why.status);
  over_ = true;
  return false;
}

void Ping::on_timer(Step& step, AppIo& io) {
  if (over_) return;
  if (step.now() >= end_ || step.now() >= deadline_) {
    finish(step, io);
    return;
  }
  if (step.now() >= next_send_) {
    if (command.report_outstanding && stats_.transmitted > 0) {
      const auto last = static_cast<std::uint16_t>(stats_.transmitted);
      if (last >= answered_.size() || !answered_[last]) {
        io.print(step, command::ping_outstanding(last));
      }
    }
    send_request(step, io);
    last_sent_ = step.now();
    next_send_ = all_sent() ? SimTime::never() : end_of_wait(step);
    schedule_end(step);
  }
  check_end(step, io);
  if (!over_) arm(step, io);
}

/// Source: main_loop(): it waits in recvmsg() with a limit (SO_RCVTIMEO), which the kernel's timer
/// wheel keeps, late as it is. After a message it waits for the rest by the clock.
SimTime Ping::end_of_wait(Step& step) const {
  return step.timers().run_at(step.now() + command.interval, step.now());
}

void Ping::wait_by_clock(Step& step, AppIo& io) {
  if (over_ || next_send_ == SimTime::never()) return;
  const SimTime next = std::max(step.now(), last_sent_ + command.interval);
  if (next == next_send_) return;
  next_send_ = next;
  arm(step, io);
}

bool Ping::all_sent() const {
  return command.count > 0 && stats_.transmitted >= command.count && command.deadline.ns == 0;
}

/// Source: __schedule_exit(): twice the longest round trip, but an interval at least.
void Ping::schedule_end(Step& step) {
  if (!all_sent() || end_ != SimTime::never()) return;
  SimDuration wait = command.timeout;
  if (stats_.received > 0) wait = std::max(SimDuration{2'000 * stats_.max_us}, command.interval);
  end_ = step.now() + wait;
}

void Ping::arm(Step& step, AppIo& io) {
  io.set_timer(step, std::min({next_send_, end_, deadline_}));
}

void Ping::send_request(Step& step, AppIo& io) {
  const auto sequence = static_cast<std::uint16_t>(++stats_.transmitted);
  if (answered_.size() <= sequence) answered_.resize(sequence + std::size_t{1});
  answered_[sequence] = false;
  IpSend how = how_;
  const std::uint32_t total = command.size + IcmpRepr::kLength + Ipv4Repr::kLength;
  const auto route = io.route(step, how);
  if (route && total > route->mtu && command.pmtud == command::PingCommand::Pmtud::kDo) {
    ++stats_.errors;
    if (!command.quiet) io.print_error(step, command::ping_local_mtu_error(route->mtu));
    return;
  }
  using Pmtud = command::PingCommand::Pmtud;
  how.dont_fragment = command.pmtud != Pmtud::kDont && route && total <= route->mtu;
  // What may never be cut needs no number (net/ipv4/ip_output.c: __ip_select_ident()'s callers).
  how.id_given = command.pmtud == Pmtud::kDo;
  if (total > 65'535) {
    if (!command.quiet) io.print_error(step, command::ping_send_error("Message too long"));
    return;
  }
  const FrameRef frame = step.frames().allocate(IcmpRepr::kLength + command.size);
  const MutBytes message = step.frames().writable(frame);
  const MutBytes payload = message.subspan(IcmpRepr::kLength);
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::uint8_t>(i);
  if (payload.size() >= kStamp) {
    const std::int64_t now = unix_ns(step.now());
    store_le64(payload.data(), static_cast<std::uint64_t>(now / 1'000'000'000));
    store_le64(payload.data() + 8, static_cast<std::uint64_t>(now % 1'000'000'000 / 1'000));
  }
  if (target_.names_ipv6()) {  // the checksum is the kernel's business
    Icmp6Repr::echo(Icmp6Type::kEchoRequest, identifier_, sequence).emit(message, {}, {});
  } else {
    IcmpRepr::echo(IcmpType::kEchoRequest, identifier_, sequence).emit(message);
  }
  io.send_ip(step, how, frame);  // iputils 20221126 says nothing of what the kernel refuses
}

void Ping::on_icmp(Step& step, AppIo& io, const IcmpNews& news) {
  if (over_) return;
  const auto icmp = IcmpRepr::parse_header(news.message);
  if (!icmp) return;
  const bool six = target_.names_ipv6();
  const Icmp6Repr icmp6{Icmp6Type{static_cast<std::uint8_t>(icmp->type)}, icmp->code, icmp->rest};
  const bool reply = six ? icmp6.type == Icmp6Type::kEchoReply : icmp->type == IcmpType::kEchoReply;
  if (reply && icmp->id() == identifier_) {
    on_reply(step, io, news);
  } else if (six ? icmp6.is_error() : icmp->is_error()) {
    on_error(step, io, news);
  }
  check_end(step, io);
  wait_by_clock(step, io);
}

/// Source: acknowledge(), ping.h: the widest gap between the last request and an answer.
void Ping::acknowledge(std::uint16_t sequence) {
  const auto behind = static_cast<std::uint16_t>(stats_.transmitted - sequence);
  if (behind <= 0x7fff) stats_.pipe = std::max<std::uint32_t>(stats_.pipe, behind + 1U);
}

void Ping::on_reply(Step& step, AppIo& io, const IcmpNews& news) {
  // The checksum of ICMPv6 covers addresses, too: the kernel has looked at it.
  const auto icmp =
      target_.names_ipv6() ? IcmpRepr::parse_header(news.message) : IcmpRepr::parse(news.message);
  if (!icmp) {
    ++stats_.corrupted;
    return;
  }
  const std::uint16_t sequence = icmp->sequence();
  const Bytes payload = news.message.subspan(IcmpRepr::kLength);
  const bool duplicate = sequence < answered_.size() && answered_[sequence];
  ++stats_.received;
  acknowledge(sequence);
  if (duplicate) {
    ++stats_.duplicates;
    --stats_.received;
  } else if (sequence < answered_.size()) {
    answered_[sequence] = true;
  }
  const auto bytes = static_cast<std::uint32_t>(news.message.size());
  if (payload.size() < kStamp) {
    if (!command.quiet) {
      io.print(step, command::ping_reply_untimed(bytes, io.shown(news.from), sequence, news.ttl));
    }
    return;
  }
  const SimDuration rtt{
      std::max<std::int64_t>(0, (unix_ns(step.now()) / 1'000 - stamp_of(payload) / 1'000) * 1'000)};
  stats_.add(rtt);
  if (command.quiet) return;
  // Names are looked up unless -n was given or the target is an address.
  std::string name;
  if (!command.numeric && !IpAddr::parse(command.target)) {
    name = io.name_of(news.from).value_or("");
  }
  io.print(step,
           command::ping_reply(command, SimTime{unix_ns(step.now())}, bytes, io.shown(news.from),
                               name, sequence, news.ttl, rtt, duplicate));
}

void Ping::on_error(Step& step, AppIo& io, const IcmpNews& news) {
  const auto sequence = quoted_sequence(news.message, identifier_);
  const auto icmp = IcmpRepr::parse_header(news.message);
  if (!sequence || !icmp) return;
  const bool redirect = !target_.names_ipv6() && icmp->type == IcmpType::kRedirect;
  if (!redirect) {
    acknowledge(*sequence);
    ++stats_.errors;
  }
  if (command.quiet) return;
  const std::uint32_t info = redirect ? icmp->gateway().bits : icmp->mtu();
  io.print(step, command::ping_icmp_error(io.shown(news.from), *sequence,
                                          static_cast<std::uint8_t>(icmp->type), icmp->code, info));
}

void Ping::check_end(Step& step, AppIo& io) {
  const bool enough = command.count > 0 && stats_.received + stats_.errors >= command.count;
  const bool gave_up = command.deadline.ns > 0 && stats_.errors > 0;
  if (!over_ && (enough || gave_up)) finish(step, io);
}

void Ping::on_signal(Step& step, AppIo& io, Signal signal) {
  if (over_) return;
  if (signal == Signal::kInterrupt) {
    finish(step, io);
  } else {
    io.exit(step, 128 + static_cast<int>(signal));
    over_ = true;
  }
}

void Ping::finish(Step& step, AppIo& io) {
  over_ = true;
  io.print(step, command::ping_statistics(command, stats_, last_sent_ - began_));
  io.exit(step, command::ping_status(command, stats_));
}

}  // namespace lvslab::apps
