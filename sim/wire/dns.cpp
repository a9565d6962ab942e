#include "sim/wire/dns.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lvslab {
namespace {

constexpr std::uint16_t kClassIn = 1;
constexpr std::uint16_t kPointerToQuestion = 0xc000 | DnsRepr::kLength;
constexpr std::size_t kMostName = 253;
constexpr std::size_t kMostLabel = 63;

enum Flag : std::uint16_t {
  kResponse = 0x8000,
  kOpcode = 0x7800,
  kAuthoritative = 0x0400,
  kTruncatedAnswer = 0x0200,
  kRecursionDesired = 0x0100,
  kRecursionAvailable = 0x0080
};

/// The name at `at`, which moves behind it.
WireResult<std::string> read_name(Bytes in, std::size_t& at) {
  std::string name;
  for (;;) {
    if (at >= in.size()) return std::unexpected(WireError::kTruncated);
    const std::size_t size = in[at++];
    if (size == 0) return name;
    if (size > kMostLabel) return std::unexpected(WireError::kUnsupported);
    if (at + size > in.size()) return std::unexpected(WireError::kTruncated);
    if (!name.empty()) name += '.';
    name.append(in.begin() + static_cast<std::ptrdiff_t>(at),
                in.begin() + static_cast<std::ptrdiff_t>(at + size));
    if (name.size() > kMostName) return std::unexpected(WireError::kBadLength);
    at += size;
  }
}

/// The A records after the question; one time to live for all of them.
WireResult<void> read_answers(Bytes in, std::size_t at, std::size_t count, DnsRepr& dns) {
  for (std::size_t i = 0; i < count; ++i, at += DnsRepr::kAnswerLength) {
    if (at + DnsRepr::kAnswerLength > in.size()) return std::unexpected(WireError::kTruncated);
    const std::uint8_t* p = in.data() + at;
    const bool plain = load_be16(p) == kPointerToQuestion &&
                       load_be16(p + 2) == static_cast<std::uint16_t>(DnsType::kA) &&
                       load_be16(p + 4) == kClassIn && load_be16(p + 10) == 4;
    const std::uint32_t ttl_s = load_be32(p + 6);
    if (!plain || (i > 0 && ttl_s != dns.ttl_s)) return std::unexpected(WireError::kUnsupported);
    dns.ttl_s = ttl_s;
    dns.answers.push_back(load_ipv4(p + 12));
  }
  return {};
}

std::uint16_t flags_of(const DnsRepr& dns) {
  unsigned flags = static_cast<unsigned>(dns.code);
  if (dns.response) flags |= kResponse;
  if (dns.authoritative) flags |= kAuthoritative;
  if (dns.recursion_desired) flags |= kRecursionDesired;
  if (dns.recursion_available) flags |= kRecursionAvailable;
  return static_cast<std::uint16_t>(flags);
}

}  // namespace

bool DnsRepr::is_name(std::string_view name) {
  if (name.empty() || name.size() > kMostName) return false;
  std::size_t label = 0;
  for (const char c : name) {
    if (c != '.') {
      if (++label > kMostLabel) return false;
    } else if (std::exchange(label, 0) == 0) {
      return false;
    }
  }
  return label > 0;
}

void DnsRepr::emit(MutBytes out) const {
  std::uint8_t* p = out.data();
  store_be16(p, id);
  store_be16(p + 2, flags_of(*this));
  store_be16(p + 4, 1);
  store_be16(p + 6, static_cast<std::uint16_t>(answers.size()));
  store_be32(p + 8, 0);
  p += kLength;
  std::string_view rest = name;
  while (!rest.empty()) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    *p++ = static_cast<std::uint8_t>(label.size());
    p = std::ranges::copy(label, p).out;
    rest.remove_prefix(std::min(label.size() + 1, rest.size()));
  }
  *p++ = 0;
  store_be16(p, static_cast<std::uint16_t>(type));
  store_be16(p + 2, kClassIn);
  p += 4;
  for (const Ipv4Addr addr : answers) {
    store_be16(p, kPointerToQuestion);
    store_be16(p + 2, static_cast<std::uint16_t>(DnsType::kA));
    store_be16(p + 4, kClassIn);
    store_be32(p + 6, ttl_s);
    store_be16(p + 10, 4);
    store_ipv4(p + 12, addr);
    p += kAnswerLength;
  }
}

WireResult<DnsRepr> DnsRepr::parse(Bytes in) {
  if (in.size() < kLength) return std::unexpected(WireError::kTruncated);
  const std::uint8_t* p = in.data();
  const std::uint16_t flags = load_be16(p + 2);
  const bool plain = (flags & (kOpcode | kTruncatedAnswer | 0x70)) == 0 && load_be16(p + 4) == 1 &&
                     load_be32(p + 8) == 0;
  if (!plain) return std::unexpected(WireError::kUnsupported);
  DnsRepr dns{.id = load_be16(p),
              .response = (flags & kResponse) != 0,
              .authoritative = (flags & kAuthoritative) != 0,
              .recursion_desired = (flags & kRecursionDesired) != 0,
              .recursion_available = (flags & kRecursionAvailable) != 0,
              .code = static_cast<DnsCode>(flags & 0xf)};
  std::size_t at = kLength;
  auto name = read_name(in, at);
  if (!name) return std::unexpected(name.error());
  if (at + 4 > in.size()) return std::unexpected(WireError::kTruncated);
  if (load_be16(p + at + 2) != kClassIn) return std::unexpected(WireError::kUnsupported);
  dns.name = *std::move(name);
  dns.type = static_cast<DnsType>(load_be16(p + at));
  const auto answered = read_answers(in, at + 4, load_be16(p + 6), dns);
  if (!answered) return std::unexpected(answered.error());
  if (in.size() != dns.length()) return std::unexpected(WireError::kUnsupported);
  return dns;
}

std::string dns_type_name(DnsType type) {
  switch (type) {
    case DnsType::kA: return "A";
    case DnsType::kPtr: return "PTR";
    case DnsType::kTxt: return "TXT";
    case DnsType::kAaaa: return "AAAA";
  }
  return fmt::format("Type{}", static_cast<unsigned>(type));
}

std::string_view dns_code_name(DnsCode code) {
  switch (code) {
    case DnsCode::kNoError: return "no error";
    case DnsCode::kFormErr: return "format error";
    case DnsCode::kServFail: return "server failure";
    case DnsCode::kNxDomain: return "name does not exist";
    case DnsCode::kNotImp: return "not implemented";
    case DnsCode::kRefused: return "refused";
  }
  return "unknown";
}

}  // namespace lvslab
