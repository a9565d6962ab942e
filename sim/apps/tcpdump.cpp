#include "sim/apps/tcpdump.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/calendar.h"
#include "sim/wire/ethernet.h"
#include "sim/wire/ipv4.h"
#include "sim/wire/tcp.h"
#include "sim/wire/udp.h"

namespace lvslab::apps {
namespace {

constexpr std::string_view kEthernetName = "EN10MB (Ethernet)";
constexpr std::string_view kCookedName = "LINUX_SLL2 (Linux cooked v2)";

// Classic pcap, little endian, microseconds (pcap-savefile(5)).
constexpr std::uint32_t kMagic = 0xa1b2'c3d4;
constexpr std::uint32_t kLinkEthernet = 1;
constexpr std::size_t kFileHeader = 24, kPacketHeader = 16;

void put(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}
std::uint32_t get32(std::string_view in, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(in[at + i]);
  return value;
}

bool is_group(Bytes frame) { return !frame.empty() && (frame[0] & 1) != 0; }
bool is_broadcast(Bytes frame) {
  return frame.size() >= 6 && load_mac(frame.data()).is_broadcast();
}

/// `In`, `Out`, `B` or `M`, as the second column of a capture of all interfaces says it.
std::string_view direction_of(const TappedFrame& frame) {
  if (frame.outgoing) return "Out";
  if (is_broadcast(frame.frame)) return "B";
  return is_group(frame.frame) ? "M" : "In";
}

void give_up(Step& step, AppIo& io, const command::Output& why) {
  io.print(step, why.out);
  io.print_error(step, why.err);
  io.exit(step, why.status);
}

/// What libpcap said, without the words that PacketFilter puts in front for scenario authors.
command::Output bad_filter(const Error& error, const std::string& expression) {
  const std::string added = "the filter '" + expression + "' is not valid: ";
  const std::string_view message = error.message;
  return command::tcpdump_bad_filter(message.starts_with(added) ? message.substr(added.size())
                                                                : message);
}

/// -q: "IP 10.0.0.1.80 > 10.0.0.2.4000: tcp 12". Empty for what is printed as without -q.
std::string quick_line(Bytes frame, bool link_header) {
  const auto ethernet = EthernetRepr::parse(frame);
  if (!ethernet || ethernet->ethertype != EtherType::kIpv4) return {};
  const Bytes packet = frame.subspan(EthernetRepr::kLength);
  const auto ip = Ipv4Repr::parse_header(packet);
  if (!ip || packet.size() < std::size_t{ip->header_length} + 4 || ip->is_fragment()) return {};
  const std::uint8_t* ports = packet.data() + ip->header_length;
  std::string what;
  if (ip->protocol == IpProto::kTcp && packet.size() > std::size_t{ip->header_length} + 12) {
    const std::size_t header = static_cast<std::size_t>(ports[12] >> 4) * 4;
    what = fmt::format("tcp {}", ip->payload_length >= header ? ip->payload_length - header : 0);
  } else if (ip->protocol == IpProto::kUdp && ip->payload_length >= UdpRepr::kLength) {
    what = fmt::format("UDP, length {}", ip->payload_length - UdpRepr::kLength);
  } else {
    return {};
  }
  const std::string link =
      link_header ? fmt::format("{} > {}, IPv4, length {}: ", ethernet->src.to_string(),
                                ethernet->dst.to_string(), frame.size())
                  : "IP ";
  return fmt::format("{}{}.{} > {}.{}: {}", link, ip->src.to_string(), load_be16(ports),
                     ip->dst.to_string(), load_be16(ports + 2), what);
}

}  // namespace

void Tcpdump::start(Step& step, AppIo& io) {
  over_ = true;  // until the capture runs
  std::vector<FilterHost> hosts;
  for (std::string& name : filter_host_names(command.filter)) {
    if (const auto addr = io.resolve(name)) hosts.push_back({std::move(name), *addr});
  }
  auto filter = PacketFilter::compile(command.filter, hosts);
  if (!command.read_file.empty()) {
    if (filter) {
      filter_ = *std::move(filter);
      read_capture(step, io);
    } else {
      give_up(step, io, bad_filter(filter.error(), command.filter));
    }
    return;
  }
  any_ = command.interface == "any";
  std::string name = command.interface;
  IfIndex dev;
  if (!any_) {
    const std::vector<LinkRow> devices = io.devices();
    const auto found = std::ranges::find_if(devices, [&](const LinkRow& link) {
      return name.empty() ? link.up && !link.loopback : link.name.view() == name;
    });
    if (found == devices.end()) {
      give_up(step, io, command::tcpdump_no_device(name));
      return;
    }
    dev = found->dev;
    name = found->name.view();
  }
  if (!filter) {
    give_up(step, io, bad_filter(filter.error(), command.filter));
    return;
  }
  filter_ = *std::move(filter);
  if (!command.write_file.empty()) {
    put(file_, kMagic, 4);
    put(file_, 2, 2);
    put(file_, 4, 2);
    put(file_, 0, 4);
    put(file_, 0, 4);
    put(file_, command.snaplen, 4);
    put(file_, kLinkEthernet, 4);
    if (command.write_file != "-" && !io.write_file(step, command.write_file, file_)) {
      io.print_error(step,
                     fmt::format("tcpdump: {}: No such file or directory\n", command.write_file));
      io.exit(step, 1);
      return;
    }
  }
  over_ = false;
  io.print_error(step, command::tcpdump_banner(command, name, any_ ? kCookedName : kEthernetName));
  io.tap(dev);
}

void Tcpdump::on_frame(Step& step, AppIo& io, const TappedFrame& frame) {
  if (over_ || !filter_.matches(frame.frame)) return;
  ++received_;
  std::string column;
  if (any_) {
    std::string device = fmt::format("if{}", frame.dev.value);
    for (const LinkRow& link : io.devices()) {
      if (link.dev == frame.dev) device = link.name.view();
    }
    column = fmt::format("{:<5} {:<3} ", device, direction_of(frame));
  }
  take(step, io, unix_ns(step.now()), frame.frame, column);
  if (command.count > 0 && captured_ >= command.count) finish(step, io);
}

void Tcpdump::take(Step& step, AppIo& io, std::int64_t at, Bytes frame,
                   std::string_view direction) {
  ++captured_;
  const Bytes kept = frame.first(std::min<std::size_t>(frame.size(), command.snaplen));
  if (!command.write_file.empty()) {
    keep(at, frame);
    // Written at once: whoever reads the file in between sees whole packets.
    if (command.write_file != "-") io.write_file(step, command.write_file, file_);
    return;
  }
  io.print(step, time_stamp(at) + std::string(direction) + line_of(kept) + "\n" + dump_of(kept));
}

/// Source: ts_print(), util-print.c.
std::string Tcpdump::time_stamp(std::int64_t at) {
  const std::int64_t microseconds = at / 1'000 % 1'000'000;
  const std::int64_t before = last_at_ < 0 ? at : last_at_;
  last_at_ = at;
  const CivilTime t = civil_time(SimTime{at - unix_ns({})});
  switch (command.time_format) {
    case 0:
      return fmt::format("{:02}:{:02}:{:02}.{:06} ", t.hour, t.minute, t.second, microseconds);
    case 1: return {};
    case 2: return fmt::format("{}.{:06} ", at / 1'000'000'000, microseconds);
    case 4:
      return fmt::format("{}-{:02}-{:02} {:02}:{:02}:{:02}.{:06} ", t.year, t.month, t.day, t.hour,
                         t.minute, t.second, microseconds);
    default: break;
  }
  // -ttt since the packet before, -ttttt since the first.
  const std::int64_t delta = at / 1'000 - before / 1'000;
  if (command.time_format >= 5) last_at_ = before;
  const std::int64_t seconds = delta / 1'000'000;
  return fmt::format(" {:02}:{:02}:{:02}.{:06} ", seconds / 3'600, seconds / 60 % 60, seconds % 60,
                     delta % 1'000'000);
}

std::string Tcpdump::line_of(Bytes frame) {
  if (command.quick) {
    if (std::string line = quick_line(frame, command.link_header); !line.empty()) return line;
  }
  TcpdumpStyle style;
  style.link_header = command.link_header;
  style.absolute_sequence = command.absolute_seq;
  style.verbose = std::min<int>(command.verbose, 1);
  return tcpdump_line(frame, style, tracker_);
}

/// Source: hex_and_ascii_print(), hex_print(), ascii_print() of print-ascii.c. Once doubled, the
/// options show the link header, too.
std::string Tcpdump::dump_of(Bytes frame) const {
  const int level = std::max(command.hex, command.hex_ascii);
  if (level == 0 && !command.ascii) return {};
  if (level < 2) frame = frame.subspan(std::min(frame.size(), EthernetRepr::kLength));
  std::string out;
  const auto printable = [](std::uint8_t b) {
    return b > 0x20 && b < 0x7f ? static_cast<char>(b) : '.';
  };
  if (level == 0) {
    for (std::size_t i = 0; i < frame.size(); ++i) {
      const char c = static_cast<char>(frame[i]);
      if (c == '\r') {  // silent at the end of a line
        if (i + 1 < frame.size() && frame[i + 1] != '\n') out += '.';
        continue;
      }
      out += c == '\n' || c == '\t' || c == ' ' ? c : printable(frame[i]);
    }
    return out + "\n";
  }
  for (std::size_t at = 0; at < frame.size(); at += 16) {
    const Bytes row = frame.subspan(at, std::min<std::size_t>(16, frame.size() - at));
    std::string hex, ascii;
    for (std::size_t i = 0; i < row.size(); ++i) {
      hex += fmt::format("{}{:02x}", i % 2 == 0 ? " " : "", row[i]);
      ascii += printable(row[i]);
    }
    out += fmt::format("\t0x{:04x}: {}", at, hex);
    if (command.hex_ascii > 0) {
      out.append(40 - hex.size(), ' ');
      out += "  " + ascii;
    }
    out += '\n';
  }
  return out;
}

void Tcpdump::keep(std::int64_t at, Bytes frame) {
  const std::size_t length = std::min<std::size_t>(frame.size(), command.snaplen);
  put(file_, static_cast<std::uint32_t>(at / 1'000'000'000), 4);
  put(file_, static_cast<std::uint32_t>(at / 1'000 % 1'000'000), 4);
  put(file_, static_cast<std::uint32_t>(length), 4);
  put(file_, static_cast<std::uint32_t>(frame.size()), 4);
  file_.append(reinterpret_cast<const char*>(frame.data()), length);
}

void Tcpdump::read_capture(Step& step, AppIo& io) {
  const auto file = io.read_file(command.read_file);
  if (!file) {
    give_up(step, io, command::tcpdump_no_file(command.read_file));
    return;
  }
  if (file->size() < kFileHeader || get32(*file, 0) != kMagic ||
      get32(*file, 20) != kLinkEthernet) {
    io.print_error(step, "tcpdump: unknown file format\n");
    io.exit(step, 1);
    return;
  }
  io.print_error(step, fmt::format("reading from file {}, link-type {}, snapshot length {}\n",
                                   command.read_file, kEthernetName, get32(*file, 16)));
  std::size_t at = kFileHeader;
  while (file->size() - at >= kPacketHeader) {
    const std::uint32_t length = get32(*file, at + 8);
    if (file->size() - at - kPacketHeader < length) {
      io.print_error(step, fmt::format("tcpdump: pcap_loop: truncated dump file; tried to read {} "
                                       "captured bytes, only got {}\n",
                                       length, file->size() - at - kPacketHeader));
      io.exit(step, 1);
      return;
    }
    const std::int64_t time =
        std::int64_t{get32(*file, at)} * 1'000'000'000 + std::int64_t{get32(*file, at + 4)} * 1'000;
    const Bytes frame{reinterpret_cast<const std::uint8_t*>(file->data()) + at + kPacketHeader,
                      length};
    at += kPacketHeader + length;
    if (!filter_.matches(frame)) continue;
    take(step, io, time, frame, {});
    if (command.count > 0 && captured_ >= command.count) break;
  }
  io.exit(step, 0);
}

void Tcpdump::on_signal(Step& step, AppIo& io, Signal) {
  if (over_) return;
  io.print(step, "\n");  // ends the line on which the terminal echoed ^C
  finish(step, io);
}

void Tcpdump::finish(Step& step, AppIo& io) {
  over_ = true;
  if (command.write_file == "-") io.print(step, file_);
  io.print_error(step, command::tcpdump_counters(captured_, received_, 0));
  io.exit(step, 0);
}

}  // namespace lvslab::apps
