// DNS messages with one question about the addresses of a name (RFC 1035 §4).
//
// Models: queries and answers of class IN, A records in answers whose owner is the name asked for.
// Left out: all other record types in answers, authority and additional records, names cut short by
// pointers in questions, EDNS. parse() says kUnsupported of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/wire/bytes.h"

namespace lvslab {

enum class DnsType : std::uint16_t { kA = 1, kPtr = 12, kTxt = 16, kAaaa = 28 };

enum class DnsCode : std::uint8_t {
  kNoError = 0,
  kFormErr = 1,
  kServFail = 2,
  kNxDomain = 3,
  kNotImp = 4,
  kRefused = 5
};

struct DnsRepr {
  static constexpr std::uint16_t kPort = 53;
  static constexpr std::size_t kLength = 12;        ///< of the header
  static constexpr std::size_t kAnswerLength = 16;  ///< an A record whose name is a pointer

  std::uint16_t id = 0;
  bool response = false;
  bool authoritative = false;
  bool recursion_desired = false;
  bool recursion_available = false;
  DnsCode code{};
  std::string name;  ///< as asked, without the last dot
  DnsType type = DnsType::kA;
  std::uint32_t ttl_s = 0;  ///< of all answers
  std::vector<Ipv4Addr> answers;

  /// Bytes of the question: the name, its type and class.
  std::size_t question_length() const { return name.empty() ? 5 : name.size() + 6; }
  std::size_t length() const {
    return kLength + question_length() + answers.size() * kAnswerLength;
  }
  /// True if a name can be asked for: labels of 1 to 63 bytes, 253 in all.
  static bool is_name(std::string_view name);

  /// Requires is_name(name) and `out` of length() bytes.
  void emit(MutBytes out) const;
  /// Errors: kTruncated; kUnsupported for what the opening comment leaves out; kBadLength for a
  /// name longer than 253 bytes.
  static WireResult<DnsRepr> parse(Bytes in);
  bool operator==(const DnsRepr&) const = default;
};

/// "A", "AAAA", "PTR", or "Type99".
std::string dns_type_name(DnsType type);
/// "no error", "name does not exist", "refused", ...
std::string_view dns_code_name(DnsCode code);

}  // namespace lvslab
