#include "sim/trace/packet_filter.h"

#include <pcap/pcap.h>

#include <cstring>
#include <memory>

namespace lvslab {
namespace {

struct PcapClose {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};

}  // namespace

Result<PacketFilter> PacketFilter::compile(const std::string& expression,
                                           std::span<const FilterHost> hosts) {
  const auto invalid = [&](const std::string& why) {
    return fail("the filter '" + expression + "' is not valid: " + why, {},
                "see pcap-filter(7), for example 'tcp port 80 and host 192.168.80.10'");
  };
  // libpcap stops at a zero byte, and would ask the name service of this machine.
  if (expression.find('\0') != std::string::npos) return invalid("it holds a zero byte");
  std::string plain = without_names(expression, hosts);
  const std::vector<std::string> unknown = filter_host_names(plain);
  // Whether a name may stand there at all, libpcap tells of an address in its place.
  std::vector<FilterHost> somewhere;
  for (const std::string& name : unknown) somewhere.push_back({name, {1}});
  if (!unknown.empty()) plain = without_names(plain, somewhere);
  constexpr int kSnapLength = 262'144;
  const std::unique_ptr<pcap_t, PcapClose> dead(pcap_open_dead(DLT_EN10MB, kSnapLength));
  if (!dead) return fail("libpcap cannot make a filter compiler: out of memory");
  bpf_program program{};
  if (pcap_compile(dead.get(), &program, plain.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
    return invalid(pcap_geterr(dead.get()));
  }
  if (!unknown.empty()) {
    pcap_freecode(&program);
    return invalid("unknown host '" + unknown.front() + "'");
  }
  PacketFilter filter;
  filter.program_.reserve(program.bf_len);
  for (u_int i = 0; i < program.bf_len; ++i) {
    const bpf_insn& in = program.bf_insns[i];
    filter.program_.push_back({in.code, in.jt, in.jf, in.k});
  }
  pcap_freecode(&program);
  return filter;
}

bool PacketFilter::matches(Bytes frame) const {
  if (program_.empty()) return true;
  static_assert(sizeof(Instruction) == sizeof(bpf_insn));
  const auto length = static_cast<u_int>(frame.size());
  return bpf_filter(reinterpret_cast<const bpf_insn*>(program_.data()), frame.data(), length,
                    length) != 0;
}

}  // namespace lvslab
