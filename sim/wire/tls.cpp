#include "sim/wire/tls.h"

#include <algorithm>
#include <array>
#include <utility>

namespace lvslab {
namespace {

enum Type : std::uint8_t { kChangeCipher = 20, kAlert = 21, kHandshakeType = 22, kData = 23 };
enum Message : std::uint8_t {
  kClientHello = 1,
  kServerHello = 2,
  kTicket = 4,
  kCertificate = 11,
  kServerKey = 12,
  kServerDone = 14,
  kClientKey = 16
};
constexpr std::size_t kHeader = 5, kRandom = 32, kNonce = 8, kTag = 16, kFinished = 16;
constexpr std::size_t kLongestPlain = 16'384, kLongestRecord = kLongestPlain + 2'048;
constexpr std::size_t kTicketBytes = 192;
constexpr std::uint16_t kCipher = 0xc030;  // ECDHE-RSA-AES256-GCM-SHA384

std::string be(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

std::string drawn(Prng& random, std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += be(random.next(), 8);
  text.resize(bytes);
  return text;
}

std::string record(std::uint8_t type, std::string_view body, std::uint16_t version = 0x0303) {
  return be(type, 1) + be(version, 2) + be(body.size(), 2) + std::string(body);
}
std::string message(std::uint8_t type, std::string_view body) {
  return be(type, 1) + be(body.size(), 3) + std::string(body);
}
std::string handshake(std::uint8_t type, std::string_view body) {
  return record(kHandshakeType, message(type, body));
}
std::string extension(std::uint16_t type, std::string_view body) {
  return be(type, 2) + be(body.size(), 2) + std::string(body);
}
std::string alert(std::uint8_t level, std::uint8_t what) {
  return record(kAlert, be(level, 1) + be(what, 1));
}

std::uint64_t hash_of(std::string_view text, std::uint64_t value = 0) {
  for (const char c : text) value = mix64(value ^ static_cast<std::uint8_t>(c)) + 1;
  return value;
}

std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}
std::size_t number_at(std::string_view text, std::size_t at, std::size_t bytes) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | byte_at(text, at + i);
  return value;
}

template <std::size_t N>
std::string list_of(const std::array<std::uint16_t, N>& values) {
  std::string text;
  for (const std::uint16_t value : values) text += be(value, 2);
  return text;
}

constexpr std::array<std::uint16_t, 31> kCiphers{
    0x1302, 0x1303, 0x1301, 0xc02c, 0xc030, 0x009f, 0xcca9, 0xcca8, 0xccaa, 0xc02b, 0xc02f,
    0x009e, 0xc024, 0xc028, 0x006b, 0xc023, 0xc027, 0x0067, 0xc00a, 0xc014, 0x0039, 0xc009,
    0xc013, 0x0033, 0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f, 0x00ff};
constexpr std::array<std::uint16_t, 10> kGroups{0x001d, 0x0017, 0x001e, 0x0019, 0x0018,
                                                0x0100, 0x0101, 0x0102, 0x0103, 0x0104};
constexpr std::array<std::uint16_t, 20> kSignatures{
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805,
    0x0806, 0x0401, 0x0501, 0x0601, 0x0303, 0x0301, 0x0302, 0x0402, 0x0502, 0x0602};
constexpr std::string_view kPointFormats("\x03\x00\x01\x02", 4);

/// What a ClientHello brings along: its random, if it offers the cipher.
std::optional<std::string> client_random_of(std::string_view hello) {
  constexpr std::size_t kFixed = 4 + 2 + kRandom;
  if (hello.size() < kFixed + 1 || byte_at(hello, 0) != kClientHello) return std::nullopt;
  if (number_at(hello, 1, 3) != hello.size() - 4) return std::nullopt;
  const std::size_t ciphers = kFixed + 1 + byte_at(hello, kFixed);
  if (hello.size() < ciphers + 2) return std::nullopt;
  const std::size_t length = number_at(hello, ciphers, 2);
  if (hello.size() < ciphers + 2 + length) return std::nullopt;
  for (std::size_t i = 0; i + 1 < length; i += 2) {
    if (number_at(hello, ciphers + 2 + i, 2) == kCipher) {
      return std::string(hello.substr(6, kRandom));
    }
  }
  return std::nullopt;
}

}  // namespace

// --- both ends -----------------------------------------------------------------------------------

std::optional<TlsEnd::Record> TlsEnd::take_record() {
  if (input_.size() < kHeader) return std::nullopt;
  const std::size_t length = number_at(input_, 3, 2);
  const std::uint8_t type = byte_at(input_, 0);
  if (type < kChangeCipher || type > kData || byte_at(input_, 1) != 3 || length > kLongestRecord) {
    state_ = State::kBroken;
    return std::nullopt;
  }
  if (input_.size() < kHeader + length) return std::nullopt;
  Record taken{type, input_.substr(kHeader, length)};
  input_.erase(0, kHeader + length);
  return taken;
}

void TlsEnd::agree(std::string_view client_random, std::string_view server_random, bool client,
                   std::uint64_t first_nonce) {
  key_ = hash_of(server_random, hash_of(client_random));
  side_ = client ? 0 : 1;
  nonce_ = first_nonce;
}

namespace {

void mask(std::string& text, std::uint64_t key, std::uint64_t nonce, std::uint8_t side) {
  Prng stream(mix64(key ^ mix64(nonce * 2 + side)));
  for (std::size_t i = 0; i < text.size(); i += 8) {
    const std::uint64_t bits = stream.next();
    for (std::size_t k = i; k < std::min(i + 8, text.size()); ++k) {
      text[k] = static_cast<char>(byte_at(text, k) ^ (bits >> (8 * (k - i)) & 0xff));
    }
  }
}

std::string tag_of(std::string_view text, std::uint64_t key, std::uint8_t type) {
  const std::uint64_t sum = hash_of(text, key + type);
  return be(sum, 8) + be(mix64(sum), 8);
}

}  // namespace

std::string TlsEnd::hide(std::uint8_t type, std::string_view text) {
  std::string hidden(text);
  mask(hidden, key_, nonce_, side_);
  return record(type, be(nonce_++, 8) + hidden + tag_of(text, key_, type));
}

std::optional<std::string> TlsEnd::reveal(const Record& record) {
  if (record.body.size() < kNonce + kTag) return std::nullopt;
  std::uint64_t nonce = 0;
  for (std::size_t i = 0; i < kNonce; ++i) nonce = nonce << 8 | byte_at(record.body, i);
  std::string text = record.body.substr(kNonce, record.body.size() - kNonce - kTag);
  mask(text, key_, nonce, side_ == 0 ? 1 : 0);
  if (!record.body.ends_with(tag_of(text, key_, record.type))) return std::nullopt;
  return text;
}

void TlsEnd::take_open(const Record& record, std::string& text) {
  const auto plain = reveal(record);
  if (!plain) {
    state_ = State::kBroken;
  } else if (record.type == kData) {
    text += *plain;
  } else if (record.type == kAlert) {
    state_ = *plain == std::string("\x01\x00", 2) ? State::kClosed : State::kBroken;
  } else {
    state_ = State::kBroken;
  }
}

template <class Take>
TlsEnd::State TlsEnd::feed_records(std::string_view data, std::string& text, const Take& take) {
  input_ += data;
  while (state_ == State::kHandshake || state_ == State::kOpen) {
    const auto record = take_record();
    if (!record) break;
    if (state_ == State::kOpen) {
      take_open(*record, text);
    } else {
      take(*record);
    }
  }
  return state_;
}

std::string TlsEnd::seal(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += kLongestPlain) {
    out += hide(kData, text.substr(at, kLongestPlain));
  }
  return out;
}

std::string TlsEnd::close_notify() { return hide(kAlert, std::string_view("\x01\x00", 2)); }

// --- the client ----------------------------------------------------------------------------------

std::string TlsClient::hello(Prng& random, std::string_view server_name) {
  random_ = drawn(random, kRandom);
  std::string extensions;
  if (!server_name.empty()) {
    extensions += extension(0, be(server_name.size() + 3, 2) + be(0, 1) +
                                   be(server_name.size(), 2) + std::string(server_name));
  }
  extensions += extension(11, kPointFormats);
  extensions += extension(10, be(2 * kGroups.size(), 2) + list_of(kGroups));
  extensions += extension(35, {}) + extension(22, {}) + extension(23, {});
  extensions += extension(13, be(2 * kSignatures.size(), 2) + list_of(kSignatures));
  extensions += extension(43, std::string_view("\x08\x03\x04\x03\x03\x03\x02\x03\x01", 9));
  extensions += extension(45, std::string_view("\x01\x01", 2));
  extensions += extension(51, be(36, 2) + be(0x1d, 2) + be(32, 2) + drawn(random, 32));
  const std::string body = be(0x0303, 2) + random_ + be(kRandom, 1) + drawn(random, kRandom) +
                           be(2 * kCiphers.size(), 2) + list_of(kCiphers) + be(1, 1) + be(0, 1) +
                           be(extensions.size(), 2) + extensions;
  return record(kHandshakeType, message(kClientHello, body), 0x0301);
}

TlsEnd::State TlsClient::feed(Prng& random, std::string_view data, std::string& out,
                              std::string& text) {
  return feed_records(data, text, [&](const Record& record) { take_flight(random, record, out); });
}

void TlsClient::take_flight(Prng& random, const Record& record, std::string& out) {
  if (!done_) {
    const std::uint8_t type = record.body.empty() ? 0 : byte_at(record.body, 0);
    if (record.type != kHandshakeType) {
      state_ = State::kBroken;
    } else if (type == kServerHello && record.body.size() >= 6 + kRandom) {
      server_random_ = record.body.substr(6, kRandom);
    } else if (type == kServerDone && !server_random_.empty()) {
      done_ = true;
      agree(random_, server_random_, true, random.next());
      out += handshake(kClientKey, be(32, 1) + drawn(random, 32)) +
             lvslab::record(kChangeCipher, "\x01") + hide(kHandshakeType, drawn(random, kFinished));
    }
    return;
  }
  if (record.type == kChangeCipher) {
    ccs_ = true;
  } else if (record.type == kHandshakeType && ccs_) {
    state_ = reveal(record) ? State::kOpen : State::kBroken;
  } else if (record.type != kHandshakeType) {
    state_ = State::kBroken;
  }
}

// --- the server ----------------------------------------------------------------------------------

TlsEnd::State TlsServer::feed(Prng& random, std::string_view data, std::string& out,
                              std::string& text) {
  const std::string_view first = input_.empty() ? data : std::string_view(input_);
  if (client_random_.empty() && !first.empty() && byte_at(first, 0) != kHandshakeType) {
    is_plain_ = true;
    state_ = State::kBroken;
    return state_;
  }
  return feed_records(data, text,
                      [&](const Record& record) { take_handshake(random, record, out); });
}

void TlsServer::take_handshake(Prng& random, const Record& record, std::string& out) {
  if (client_random_.empty()) {
    const auto found = client_random_of(record.body);
    if (!found) {
      out += alert(2, 40);  // handshake_failure
      state_ = State::kBroken;
      return;
    }
    client_random_ = *found;
    random_ = drawn(random, kRandom);
    out += first_flight(random);
  } else if (!keyed_) {
    keyed_ = record.type == kHandshakeType && !record.body.empty() &&
             byte_at(record.body, 0) == kClientKey;
    if (!keyed_) state_ = State::kBroken;
    agree(client_random_, random_, false, random.next());
  } else if (!ccs_) {
    ccs_ = record.type == kChangeCipher;
    if (!ccs_) state_ = State::kBroken;
  } else if (record.type != kHandshakeType || !reveal(record)) {
    state_ = State::kBroken;
  } else {
    out += handshake(kTicket, be(300, 4) + be(kTicketBytes, 2) + drawn(random, kTicketBytes)) +
           lvslab::record(kChangeCipher, "\x01") + hide(kHandshakeType, drawn(random, kFinished));
    state_ = State::kOpen;
  }
}

std::string TlsServer::first_flight(Prng& random) {
  const std::string extensions = extension(0xff01, be(0, 1)) + extension(11, kPointFormats) +
                                 extension(35, {}) + extension(23, {});
  const std::string chain = be(certificate_.size(), 3) + certificate_;
  return handshake(kServerHello, be(0x0303, 2) + random_ + be(0, 1) + be(kCipher, 2) + be(0, 1) +
                                     be(extensions.size(), 2) + extensions) +
         handshake(kCertificate, be(chain.size(), 3) + chain) +
         handshake(kServerKey, be(3, 1) + be(0x1d, 2) + be(32, 1) + drawn(random, 32) +
                                   be(0x0804, 2) + be(key_bytes_, 2) + drawn(random, key_bytes_)) +
         handshake(kServerDone, {});
}

// --- certificates --------------------------------------------------------------------------------

std::optional<std::string> pem_block(std::string_view pem, std::string_view label) {
  const std::string begin = "-----BEGIN " + std::string(label) + "-----";
  const std::string end = "-----END " + std::string(label) + "-----";
  const std::size_t from = pem.find(begin);
  const std::size_t to = from == std::string_view::npos ? from : pem.find(end, from);
  if (to == std::string_view::npos) return std::nullopt;
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string der;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : pem.substr(from + begin.size(), to - from - begin.size())) {
    if (c == '\n' || c == '\r' || c == ' ' || c == '=') continue;
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    der += static_cast<char>(bits >> count & 0xff);
  }
  return der.empty() ? std::nullopt : std::optional(der);
}

std::optional<std::string> rsa_modulus_of(std::string_view certificate) {
  // rsaEncryption with its NULL; behind it BIT STRING { SEQUENCE { INTEGER modulus, ... } }.
  constexpr std::string_view kRsa("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 11);
  std::size_t at = certificate.find(kRsa);
  if (at == std::string_view::npos) return std::nullopt;
  at += kRsa.size();
  /// Skips a tag and its length; the length.
  const auto enter = [&](std::uint8_t tag) -> std::optional<std::size_t> {
    if (at + 2 > certificate.size() || byte_at(certificate, at) != tag) return std::nullopt;
    const std::uint8_t first = byte_at(certificate, at + 1);
    at += 2;
    if (first < 0x80) return first;
    const std::size_t bytes = first & 0x7fU;
    if (bytes > 2 || at + bytes > certificate.size()) return std::nullopt;
    const std::size_t length = number_at(certificate, at, bytes);
    at += bytes;
    return length;
  };
  if (!enter(0x03)) return std::nullopt;
  ++at;  // no unused bits
  if (!enter(0x30)) return std::nullopt;
  const auto length = enter(0x02);
  if (!length || *length < 2 || at + *length > certificate.size()) return std::nullopt;
  const std::string_view modulus = certificate.substr(at, *length);
  return std::string(byte_at(modulus, 0) == 0 ? modulus.substr(1) : modulus);
}

}  // namespace lvslab
