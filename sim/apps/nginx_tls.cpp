#include "sim/apps/nginx_tls.h"

#include <fmt/format.h>

#include "sim/wire/tls.h"

namespace lvslab::apps {
namespace {

constexpr std::size_t kLeastKey = 256;

std::string absolute(const std::string& path) {
  return path.starts_with('/') ? path : "/etc/nginx/" + path;
}

NginxProblem cannot(std::string text) { return NginxProblem{.text = std::move(text)}; }

NginxProblem no_file(std::string_view what, const std::string& path) {
  return cannot(fmt::format(
      "cannot load {} \"{}\": BIO_new_file() failed (SSL: error:80000002:system library::No such "
      "file or directory:calling fopen({}, r) error:10000080:BIO routines::no such file)",
      what, path, path));
}

}  // namespace

std::optional<NginxProblem> load_nginx_certificate(const NginxDirective& directive,
                                                   const NginxTlsFiles& files,
                                                   const NginxFiles& host,
                                                   NginxVirtualServer& server) {
  if (server.listen_tls.empty()) return std::nullopt;
  if (files.certificate.empty()) {
    return directive.problem(
        "no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive");
  }
  const std::string path = absolute(files.certificate), key_path = absolute(files.key);
  if (files.key.empty()) {
    return cannot(
        fmt::format("no \"ssl_certificate_key\" is defined for certificate \"{}\"", path));
  }
  const auto text = host.read(path);
  if (!text) return no_file("certificate", path);
  auto certificate = pem_block(*text, "CERTIFICATE");
  if (!certificate) {
    return cannot(
        fmt::format("cannot load certificate \"{}\": PEM_read_bio_X509_AUX() failed (SSL: "
                    "error:0480006C:PEM routines::no start line:Expecting: TRUSTED CERTIFICATE)",
                    path));
  }
  const auto modulus = rsa_modulus_of(*certificate);
  if (!modulus) return directive.not_modelled("a certificate whose key is not RSA");
  if (modulus->size() < kLeastKey) {
    return cannot(
        fmt::format("SSL_CTX_use_certificate(\"{}\") failed (SSL: error:0A00018F:SSL "
                    "routines::ee key too small)",
                    path));
  }
  const auto key_text = host.read(key_path);
  if (!key_text) return no_file("certificate key", key_path);
  auto key = pem_block(*key_text, "PRIVATE KEY");
  if (!key) key = pem_block(*key_text, "RSA PRIVATE KEY");
  if (!key) {
    return cannot(fmt::format(
        "cannot load certificate key \"{}\": PEM_read_bio_PrivateKey() failed (SSL: "
        "error:1E08010C:DECODER routines::unsupported:No supported data to decode. Input type: "
        "PEM)",
        key_path));
  }
  if (!key->contains(*modulus)) {
    return cannot(
        fmt::format("SSL_CTX_use_PrivateKey(\"{}\") failed (SSL: error:05800074:x509 "
                    "certificate routines::key values mismatch)",
                    key_path));
  }
  server.key_bytes = modulus->size();
  server.certificate = *std::move(certificate);
  return std::nullopt;
}

}  // namespace lvslab::apps
