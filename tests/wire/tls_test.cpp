// TLS between two programs of the lab: the sizes that OpenSSL 3.0 and nginx 1.22 have, and what is
// not TLS.
#include "sim/wire/tls.h"

#include <gtest/gtest.h>

#include <string>

namespace lvslab {
namespace {

using State = TlsEnd::State;

constexpr std::size_t kKeyBytes = 256;

/// A certificate as far as anybody here reads one.
std::string certificate() {
  constexpr std::string_view kHead(
      "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x01\x0f\x00\x30\x82\x01\x0a\x02\x82\x01"
      "\x01\x00",
      25);
  return std::string(kHead) + std::string(kKeyBytes, '\x5a') + std::string(488, '\x01');
}

struct Pair {
  Prng random{7};
  TlsClient client;
  TlsServer server{certificate(), kKeyBytes};
  std::string heard;  ///< what the server said

  void shake_hands() {
    std::string none, flight, keys, finish;
    const std::string hello = client.hello(random);
    EXPECT_EQ(hello.size(), 297U);
    server.feed(random, hello, flight, none);
    EXPECT_EQ(flight.size(), 1'168U);
    client.feed(random, flight, keys, none);
    EXPECT_EQ(keys.size(), 93U);
    server.feed(random, keys, finish, none);
    EXPECT_EQ(finish.size(), 258U);
    std::string nothing;
    client.feed(random, finish, nothing, none);
    EXPECT_TRUE(nothing.empty() && none.empty());
  }
};

TEST(Tls, ShakesHandsInRecordsOfTheRealSizes) {
  Pair pair;
  pair.shake_hands();
  EXPECT_TRUE(pair.client.is_open());
  EXPECT_TRUE(pair.server.is_open());
}

TEST(Tls, CarriesWhatIsSaidAndHidesIt) {
  Pair pair;
  pair.shake_hands();
  std::string out, text;
  const std::string sealed = pair.client.seal("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(sealed.size(), 18U + 29U);
  EXPECT_EQ(sealed.find("GET"), std::string::npos);
  for (const char c : sealed) pair.server.feed(pair.random, std::string(1, c), out, text);
  EXPECT_EQ(text, "GET / HTTP/1.0\r\n\r\n");
  const std::string page(40'000, 'x');
  text.clear();
  pair.client.feed(pair.random, pair.server.seal(page), out, text);
  EXPECT_EQ(text, page);
  EXPECT_EQ(pair.server.close_notify().size(), 31U);
}

TEST(Tls, HearsTheOtherEndClose) {
  Pair pair;
  pair.shake_hands();
  std::string out, text;
  EXPECT_EQ(pair.client.feed(pair.random, pair.server.close_notify(), out, text), State::kClosed);
}

TEST(Tls, AChangedRecordIsBroken) {
  Pair pair;
  pair.shake_hands();
  std::string sealed = pair.client.seal("abc"), out, text;
  sealed[15] = static_cast<char>(sealed[15] ^ 1);
  EXPECT_EQ(pair.server.feed(pair.random, sealed, out, text), State::kBroken);
  EXPECT_TRUE(text.empty());
}

TEST(Tls, ServersNameIsInTheHello) {
  Prng random;
  TlsClient client;
  const std::string hello = client.hello(random, "www.example.com");
  EXPECT_EQ(hello.size(), 297U + 9U + 15U);
  EXPECT_NE(hello.find("www.example.com"), std::string::npos);
}

TEST(Tls, WhatIsNoTlsIsToldApart) {
  Prng random;
  std::string out, text;
  TlsServer server(certificate(), kKeyBytes);
  EXPECT_EQ(server.feed(random, "GET / HTTP/1.0\r\n\r\n", out, text), State::kBroken);
  EXPECT_TRUE(server.is_plain());
  TlsClient client;
  static_cast<void>(client.hello(random));
  EXPECT_EQ(client.feed(random, "HTTP/1.1 400 Bad Request\r\n", out, text), State::kBroken);
}

TEST(Tls, AnyBytesAreSurvived) {
  Prng random(3);
  for (int i = 0; i < 2'000; ++i) {
    std::string bytes("\x16\x03\x01", 3), out, text;
    const std::uint32_t length = random.below(120);
    for (std::uint32_t k = 0; k < length; ++k) bytes += static_cast<char>(random.below(256));
    TlsServer server(certificate(), kKeyBytes);
    server.feed(random, bytes, out, text);
    TlsClient client;
    static_cast<void>(client.hello(random));
    client.feed(random, bytes, out, text);
    EXPECT_TRUE(text.empty());
  }
}

TEST(Pem, IsDecoded) {
  EXPECT_EQ(pem_block("x\n-----BEGIN CERTIFICATE-----\naGVs\nbG8=\n-----END CERTIFICATE-----\n",
                      "CERTIFICATE"),
            "hello");
  EXPECT_EQ(pem_block("-----BEGIN CERTIFICATE-----\naGVs", "CERTIFICATE"), std::nullopt);
  EXPECT_EQ(pem_block("junk", "CERTIFICATE"), std::nullopt);
}

TEST(Certificate, TellsItsModulus) {
  EXPECT_EQ(rsa_modulus_of(certificate()), std::string(kKeyBytes, '\x5a'));
  EXPECT_EQ(rsa_modulus_of(certificate().substr(0, 100)), std::nullopt);
  EXPECT_EQ(rsa_modulus_of("nothing"), std::nullopt);
}

}  // namespace
}  // namespace lvslab
