// State cookies: a server that was asked for an association keeps nothing of it, but lets the
// client keep it (RFC 9260 §5.1.3). They have the size of Linux's, and the signature of this
// simulator.
#include "sim/base/prng.h"
#include "sim/sctp/engine.h"

namespace lvslab::sctp {
namespace {

/// Of an INIT with what Linux puts into it, for one IPv4 address
/// (net/sctp/sm_make_chunk.c: sctp_pack_cookie()).
constexpr std::size_t kSize = 228;
constexpr std::size_t kBodyAt = 8, kBodySize = 40;

void store_be64(std::uint8_t* out, std::uint64_t value) {
  store_be32(out, static_cast<std::uint32_t>(value >> 32));
  store_be32(out + 4, static_cast<std::uint32_t>(value));
}
std::uint64_t load_be64(const std::uint8_t* in) {
  return std::uint64_t{load_be32(in)} << 32 | load_be32(in + 4);
}

}  // namespace

std::uint64_t Engine::signature(Bytes body) const {
  std::uint64_t sum = mix64(stack_.secret);
  for (const std::uint8_t byte : body) sum = mix64(sum ^ byte);
  return sum;
}

std::vector<std::uint8_t> Engine::seal(const Cookie& cookie) const {
  std::vector<std::uint8_t> out(kSize);
  std::uint8_t* p = out.data() + kBodyAt;
  const auto put = [&p](std::uint32_t word) {
    store_be32(p, word);
    p += 4;
  };
  for (const std::uint32_t word :
       {cookie.my_tag, cookie.peer_tag, cookie.my_tsn, cookie.peer_tsn, cookie.peer_window,
        cookie.local.addr.bits, cookie.remote.addr.bits,
        std::uint32_t{cookie.local.port} << 16 | cookie.remote.port}) {
    put(word);
  }
  store_be64(p, static_cast<std::uint64_t>(cookie.made.ns));
  const std::uint64_t signed_as = signature(Bytes(out).subspan(kBodyAt, kBodySize));
  store_be64(out.data(), signed_as);
  return out;
}

std::optional<Engine::Cookie> Engine::open(Bytes sealed) const {
  if (sealed.size() != kSize) return std::nullopt;
  if (load_be64(sealed.data()) != signature(sealed.subspan(kBodyAt, kBodySize))) {
    return std::nullopt;
  }
  const std::uint8_t* p = sealed.data() + kBodyAt;
  const auto word = [p](std::size_t i) { return load_be32(p + 4 * i); };
  Cookie cookie{.my_tag = word(0),
                .peer_tag = word(1),
                .my_tsn = word(2),
                .peer_tsn = word(3),
                .peer_window = word(4)};
  cookie.local = {{word(5)}, static_cast<std::uint16_t>(word(7) >> 16)};
  cookie.remote = {{word(6)}, static_cast<std::uint16_t>(word(7))};
  cookie.made = SimTime{static_cast<std::int64_t>(load_be64(p + 32))};
  return cookie;
}

}  // namespace lvslab::sctp
