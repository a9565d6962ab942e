// dnsmasq: a name server that answers from its settings and from /etc/hosts.
//
// Models: host-record, local, no-resolv, no-hosts, no-round-robin; the order in which it gives out
// several addresses of a name; refusing what it does not know, as it has no other server to ask;
// its lines in the system log. Settings that change nothing here are taken: user, group, pid-file,
// cache-size, no-poll, keep-in-foreground.
// Left out: asking other servers, DHCP, TFTP, TCP (it listens, and hangs up), all other settings
// and record types (refused by parse()).
// Source: dnsmasq 2.90 src/option.c, src/cache.c: cache_hash(), cache_find_by_name(),
// cache_reload(); src/rfc1035.c: answer_request().
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/apps/app_io.h"
#include "sim/wire/dns.h"

namespace lvslab::apps {

inline constexpr std::string_view kDnsmasqConf = "/etc/dnsmasq.conf";

struct DnsmasqConf {
  struct Record {
    std::string name;
    Ipv4Addr addr;
  };
  std::vector<Record> records;  ///< host-record
  std::vector<std::string> local;
  bool no_hosts = false;
  bool round_robin = true;

  /// Errors: what is wrong or not modelled, as FILE:LINE:COLUMN.
  static std::expected<DnsmasqConf, std::string> parse(std::string_view text);
};

class Dnsmasq {
 public:
  /// Listens; exits if its settings are not understood, or port 53 is taken.
  void start(Step& step, AppIo& io);
  void on_udp(Step& step, AppIo& io, const UdpNews& news);
  void on_timer(Step& step, AppIo& io);
  void on_socket(Step& step, AppIo& io, const SocketEvent& event);
  void on_signal(Step& step, AppIo& io, Signal signal);

 private:
  /// The addresses of a name, in two classes: those whose first name it is stand before those that
  /// already had another one, and only those of the class that stands first take turns.
  struct Name {
    std::vector<Ipv4Addr> first, further;
  };

  void turn(Name& name);
  void add(std::string_view name, Ipv4Addr addr);
  std::size_t add_hosts(std::string_view text);
  void write_greeting(Step& step, AppIo& io, std::size_t names);
  DnsRepr answer(Step& step, const DnsRepr& question);
  bool is_local(std::string_view name) const;

  /// A question that has come; all that came at one moment are answered after that.
  struct Question {
    std::uint32_t socket = 0;
    Endpoint from, to;
    DnsRepr dns;
  };

  DnsmasqConf conf_;
  std::vector<Question> questions_;
  std::map<std::string, Name> names_;  ///< lower case
  std::set<Ipv4Addr> named_;           ///< addresses that have a name
};

}  // namespace lvslab::apps
