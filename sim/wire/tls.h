// TLS 1.2 as two programs of the lab speak it: records and handshake messages byte for byte in
// their form and their sizes, with what is secret made up.
//
// Models: the handshake with ECDHE-RSA-AES256-GCM-SHA384 over x25519, extended master secret and a
// session ticket, as OpenSSL 3.0 and nginx 1.22 agree on it; records of application data;
// close_notify and the alerts of a handshake that fails. The certificate is the server's own.
// Leaves out: cryptography. Keys, signatures and tickets are drawn; what goes over an open
// connection is hidden by a stream that both ends know from the two randoms, so nothing is safe
// from anybody, and no certificate is verified. No TLS 1.3, no resumption, no client certificates.
// Source: RFC 5246, 5077, 5288, 7627, 8446 §4.2; observed, OpenSSL 3.0.19.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/base/prng.h"

namespace lvslab {

/// What is the same for both ends.
class TlsEnd {
 public:
  enum class State : std::uint8_t {
    kHandshake,
    kOpen,
    kClosed,  ///< the other end has said close_notify
    kBroken   ///< what came was no TLS, or an alert
  };
  State state() const { return state_; }
  bool is_open() const { return state_ == State::kOpen; }
  /// Records of application data. Requires is_open().
  std::string seal(std::string_view text);
  /// The record that says that no more will come.
  std::string close_notify();

 protected:
  struct Record {
    std::uint8_t type = 0;
    std::string body;
  };
  /// Takes in `data`: records of an open connection to `text`, those of the handshake by `take`.
  template <class Take>
  State feed_records(std::string_view data, std::string& text, const Take& take);
  /// The next whole record of what came; nothing if there is none yet, or kBroken.
  std::optional<Record> take_record();
  /// An encrypted record of `type`.
  std::string hide(std::uint8_t type, std::string_view text);
  std::optional<std::string> reveal(const Record& record);
  void agree(std::string_view client_random, std::string_view server_random, bool client,
             std::uint64_t first_nonce);
  /// Of an open connection: application data and alerts.
  void take_open(const Record& record, std::string& text);

  std::string input_;  ///< not yet taken apart
  State state_ = State::kHandshake;

 private:
  std::uint64_t key_ = 0;  ///< of both randoms
  std::uint8_t side_ = 0;  ///< 0: a client
  std::uint64_t nonce_ = 0;
};

class TlsClient final : public TlsEnd {
 public:
  /// The first message. `server_name`: for SNI; empty: without.
  std::string hello(Prng& random, std::string_view server_name = {});
  /// Takes what came; appends what is to be sent to `out`, and what was said to `text`.
  State feed(Prng& random, std::string_view data, std::string& out, std::string& text);

 private:
  void take_flight(Prng& random, const Record& record, std::string& out);

  std::string random_, server_random_;
  bool done_ = false;  ///< the server's first messages are complete
  bool ccs_ = false;   ///< its ChangeCipherSpec has come
};

class TlsServer final : public TlsEnd {
 public:
  /// `certificate`: DER. `key_bytes`: how long its RSA key makes a signature.
  TlsServer(std::string certificate, std::size_t key_bytes)
      : certificate_(std::move(certificate)), key_bytes_(key_bytes) {}
  State feed(Prng& random, std::string_view data, std::string& out, std::string& text);
  /// The first bytes can be no record: somebody who does not speak TLS.
  bool is_plain() const { return is_plain_; }

 private:
  void take_handshake(Prng& random, const Record& record, std::string& out);
  std::string first_flight(Prng& random);

  std::string certificate_;
  std::size_t key_bytes_;
  std::string client_random_, random_;
  bool keyed_ = false, ccs_ = false, is_plain_ = false;
};

/// The first block of that kind in a PEM file ("CERTIFICATE"), decoded; nothing if there is none.
std::optional<std::string> pem_block(std::string_view pem, std::string_view label);
/// The RSA modulus in a certificate; nothing if its key is of another kind.
std::optional<std::string> rsa_modulus_of(std::string_view certificate);

}  // namespace lvslab
