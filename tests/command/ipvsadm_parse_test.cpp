// Command lines of ipvsadm 1.31 and what the tool said to them on Linux 6.1.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/base/prng.h"
#include "sim/command/ipvsadm.h"

namespace lvslab::command {
namespace {

using Verb = IpvsadmCommand::Verb;

std::vector<std::string> words(std::string_view line) {
  std::vector<std::string> out;
  while (!line.empty()) {
    const std::string_view word = line.substr(0, line.find(' '));
    if (!word.empty()) out.emplace_back(word);
    line.remove_prefix(std::min(line.size(), word.size() + 1));
  }
  return out;
}
Parsed<IpvsadmCommand> parse(std::string_view line) { return parse_ipvsadm(words(line)); }

struct BadLine {
  std::string_view line, message;
  int status;
};

constexpr BadLine kRefusedLines[] = {
    {"ipvsadm -x", "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n", 255},
    {"ipvsadm --nope", "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n", 255},
    {"ipvsadm -A -t 192.168.80.300:80", "illegal virtual server address[:port] specified\n", 2},
    {"ipvsadm -A -t 192.168.80.161", "Zero port specified for non-persistent service\n", 2},
    {"ipvsadm -A -t 192.168.80.161:", "illegal virtual server address[:port] specified\n", 2},
    {"ipvsadm -A -t 192.168.80.161:70000", "illegal virtual server address[:port] specified\n", 2},
    {"ipvsadm -A -t 192.168.80.161:nosvc", "illegal virtual server address[:port] specified\n", 2},
    {"ipvsadm -A -t nohost:80", "illegal virtual server address[:port] specified\n", 2},
    {"ipvsadm -A",
     "You need to supply the 'service-address' option for the 'add-service' command\n", 2},
    {"ipvsadm -A -s rr",
     "You need to supply the 'service-address' option for the 'add-service' command\n", 2},
    {"ipvsadm -A -t 192.168.80.162:80 -s", "-s: missing argument\n", 255},
    {"ipvsadm -A -t", "-t: missing argument\n", 255},
    {"ipvsadm -a -t 192.168.80.150:80",
     "You need to supply the 'real-server' option for the 'add-server' command\n", 2},
    {"ipvsadm -a -t 192.168.80.150:80 -g",
     "You need to supply the 'real-server' option for the 'add-server' command\n", 2},
    {"ipvsadm -a -r 192.168.80.202",
     "You need to supply the 'service-address' option for the 'add-server' command\n", 2},
    {"ipvsadm -a -t 192.168.80.150:80 -r 192.168.80.300 -g",
     "illegal real server address[:port] specified\n", 2},
    {"ipvsadm -a -t 192.168.80.150:80 -r 192.168.80.206 -g -w abc", "illegal weight specified\n",
     2},
    {"ipvsadm -a -t 192.168.80.150:80 -r 192.168.80.206 -g -w -1", "illegal weight specified\n", 2},
    {"ipvsadm -a -t 192.168.80.150:80 -r 192.168.80.208 -g -w", "-w: missing argument\n", 255},
    {"ipvsadm -a -t 192.168.80.150:80 -r 192.168.80.202 -g -m",
     "multiple 'forwarding-method' options specified\n", 2},
    {"ipvsadm -a -t 192.168.80.150:80 -r 192.168.80.202 -g -i",
     "multiple 'forwarding-method' options specified\n", 2},
    {"ipvsadm -a -t 192.168.80.150:80 -r 192.168.80.202 -g -s rr",
     "Illegal 'scheduler' option with the 'add-server' command\n", 2},
    {"ipvsadm -A -t 192.168.80.163:80 -s rr -w 1",
     "Illegal 'weight' option with the 'add-service' command\n", 2},
    {"ipvsadm -A -t 192.168.80.163:80 -r 192.168.80.202",
     "Illegal 'real-server' option with the 'add-service' command\n", 2},
    {"ipvsadm -A -t 192.168.80.163:80 -s rr -o",
     "One-Packet Scheduling is only for UDP virtual services\n", 2},
    {"ipvsadm -A -t 192.168.80.163:0 -s rr", "Zero port specified for non-persistent service\n", 2},
    {"ipvsadm -A -f 0 -s rr", "invalid fwmark value `0' specified\n", 2},
    {"ipvsadm -A -f abc -s rr", "invalid fwmark value `abc' specified\n", 2},
    {"ipvsadm -A -t 192.168.80.164:80 -s rr -p 0", "invalid timeout value `0' specified\n", 2},
    {"ipvsadm -A -t 192.168.80.164:80 -s rr -p abc", "invalid timeout value `abc' specified\n", 2},
    {"ipvsadm -A -t 192.168.80.164:80 -s rr -p 99999999",
     "invalid timeout value `99999999' specified\n", 2},
    {"ipvsadm -A -t 192.168.80.165:80 -s rr -p 60 -M abc",
     "illegal virtual server persistent mask specified\n", 2},
    {"ipvsadm -D",
     "You need to supply the 'service-address' option for the 'delete-service' command\n", 2},
    {"ipvsadm -d -t 192.168.80.150:80",
     "You need to supply the 'real-server' option for the 'delete-server' command\n", 2},
    {"ipvsadm -A -D -t 192.168.80.150:80", "invalid option `-D'\n", 2},
    {"ipvsadm -A -A -t 192.168.80.150:80", "invalid option `-A'\n", 2},
    {"ipvsadm -ln -r 192.168.80.202", "Illegal 'real-server' option with the 'list' command\n", 2},
    {"ipvsadm -l -n -c -t 192.168.80.150:80",
     "The option 'service-address' conflicts with the 'connection' option in the 'list' "
     "command\n",
     2},
    {"ipvsadm -C -n", "Illegal 'numeric' option with the 'flush' command\n", 2},
    {"ipvsadm -n", "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n", 255},
    {"ipvsadm -S -c", "Illegal 'connection' option with the 'save' command\n", 2},
    {"ipvsadm --set 1 2", "--set option requires 3 timeout values\n", 2},
    {"ipvsadm --set a b c", "invalid timeout value `a' specified\n", 2},
    {"ipvsadm --set -1 2 3", "-1: unknown option\n", 255},
    {"ipvsadm --set 99999999 2 3", "invalid timeout value `99999999' specified\n", 2},
    {"ipvsadm -l extra", "unexpected argument extra\n", 2},
    {"ipvsadm extra", "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n", 255},
    {"ipvsadm -t 192.168.80.150:80", "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n",
     255},
    {"ipvsadm -A -t 1.2.3.4:80 -t 1.2.3.4:81", "multiple 'service-address' options specified\n", 2},
    {"ipvsadm -A -t 192.168.80.170:80 -s rr -b sh-port", "incompatible scheduler flag `sh-port'\n",
     2},
    {"ipvsadm -A -t 192.168.80.172:80 -s sh -b nope", "invalid scheduler flag `nope'\n", 2},
    {"ipvsadm --start-daemon", "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n", 255},
    {"ipvsadm --start-daemon foo", "illegal start-daemon parameter specified\n", 2},
    {"ipvsadm --stop-daemon foo", "illegal start_daemon specified\n", 2},
    {"ipvsadm --start-daemon master --mcast-interface", "--mcast-interface: missing argument\n",
     255},
    {"ipvsadm --start-daemon master --syncid 256", "illegal syncid specified\n", 2},
    {"ipvsadm --start-daemon master --sync-maxlen 65508", "illegal sync-maxlen specified\n", 2},
    {"ipvsadm --start-daemon master --mcast-port 0", "illegal mcast-port specified\n", 2},
    {"ipvsadm --start-daemon master --mcast-ttl 0", "illegal mcast-ttl specified\n", 2},
    {"ipvsadm --start-daemon backup --mcast-group 192.168.1.1",
     "invalid IPv4 mcast-group `192.168.1.1'\n", 2},
    {"ipvsadm --start-daemon backup -n",
     "Illegal 'numeric' option with the 'start-daemon' command\n", 2},
    {"ipvsadm --stop-daemon master --mcast-interface eth0",
     "Illegal 'mcast-interface' option with the 'stop-daemon' command\n", 2},
    {"ipvsadm --start-daemon backup --syncid 3 --syncid 4", "multiple 'syncid' options specified\n",
     2},
    {"ipvsadm --start-daemon master backup", "unexpected argument backup\n", 2},
    {"ipvsadm -A -t 1.2.3.4:80 --mcast-ttl 81",
     "Illegal 'mcast-ttl' option with the 'add-service' command\n", 2},
    {"ipvsadm -D -t 1.1.1.1:80 --mcast-ttl 3 --sync-maxlen 3",
     "Illegal 'mcast-ttl' option with the 'delete-service' command\n", 2},
    {"ipvsadm -l --daemon -c",
     "The option 'daemon' conflicts with the 'connection' option in the 'list' command\n", 2},
    {"ipvsadm -l --daemon --persistent-conn", "options conflicts in the list command\n", 2},
};

TEST(IpvsadmParse, RefusesWhatTheToolRefusesInItsWords) {
  for (const BadLine& bad : kRefusedLines) {
    const auto command = parse(bad.line);
    ASSERT_FALSE(command.has_value()) << bad.line;
    EXPECT_EQ(command.error(), failure(std::string(bad.message), bad.status)) << bad.line;
  }
}

constexpr std::string_view kGoodIpvsLines[] = {
    "ipvsadm -A -t 192.168.80.150:80 -s rr",
    "ipvsadm -ln",
    "ipvsadm -a -t 192.168.80.150:80 -r 192.168.80.202 -g -w 1",
    "ipvsadm -lnc",
    "ipvsadm",
    "ipvsadm -Lnc",
    "ipvsadm -At 1.2.3.4:80",
    "ipvsadm -A -t1.2.3.4:80 -srr",
    "ipvsadm --add-service --tcp-service=1.2.3.4:80 --scheduler=wrr",
    "ipvsadm -A -t 1.2.3.4:80 -p=5",
    "ipvsadm -At=1.2.3.4:80",
    "ipvsadm -A -t 1.2.3.4 -p",
    "ipvsadm -C",
    "ipvsadm -Z",
    "ipvsadm -R",
    "ipvsadm -S -n",
    "ipvsadm --set 900 120 300",
    "ipvsadm -d -t 1.2.3.4:80 -r 1.1.1.1:81",
    "ipvsadm -a -f 7 -r 1.1.1.1:80",
    "ipvsadm -a -t 1.2.3.4:80 -r 1.1.1.1:8080 -m -w 0 -x 9 -y 2",
    "ipvsadm -A -b flag-3,mh-port -t 1.2.3.4:80 -s mh",
    "ipvsadm -ln --rate --exact",
    "ipvsadm -l --persistent-conn -n -c",
    "ipvsadm -a -t 1.2.3.4:443 -r 1.1.1.1 -i -w 65535 --tun-type ipip",
    "ipvsadm -A -t 192.168.80.150:80 -s rr -p",
    "ipvsadm -A -t 192.168.80.150:443 -s wrr -p 60",
    "ipvsadm -A -t 192.168.80.150:0 -s wlc -p 300 -M 255.255.255.0",
    "ipvsadm -A -u 192.168.80.150:53 -s rr -o",
    "ipvsadm -A -u 192.168.80.150:69 -s lc",
    "ipvsadm -A -f 7 -s sh -b sh-fallback,sh-port",
    "ipvsadm -A -f 8 -s rr -p 10",
    "ipvsadm -A -t 192.168.80.150:3306 -s wlc",
    "ipvsadm -a -t 192.168.80.150:80 -r 192.168.80.202 -g",
    "ipvsadm -a -t 192.168.80.150:80 -r 192.168.80.204:8080 -g -w 0",
    "ipvsadm -a -t 192.168.80.150:80 -r 192.168.80.201 -g -w 5",
    "ipvsadm -a -t 192.168.80.150:80 -r 127.0.0.1 -m",
    "ipvsadm -a -t 192.168.80.150:443 -r 192.168.80.202:8443 -m -w 100",
    "ipvsadm -a -t 192.168.80.150:443 -r 192.168.80.204 -i -w 65535",
    "ipvsadm -a -t 192.168.80.150:443 -r 192.168.80.203 -x 1000 -y 10",
    "ipvsadm -a -u 192.168.80.150:53 -r 192.168.80.202",
    "ipvsadm -a -f 7 -r 192.168.80.202 -g",
    "ipvsadm -a -f 7 -r 192.168.80.204:80 -m",
    "ipvsadm -a -t 192.168.80.150:0 -r 192.168.80.204:80 -m",
    "ipvsadm -a -t 192.168.80.150:0 -r 192.168.80.202 -g",
    "ipvsadm -l",
    "ipvsadm -ln --stats",
    "ipvsadm -ln --rate",
    "ipvsadm -ln --thresholds",
    "ipvsadm -ln --persistent-conn",
    "ipvsadm -Sn",
    "ipvsadm -S",
    "ipvsadm -ln --sort",
    "ipvsadm -ln --nosort",
    "ipvsadm -ln -f 7",
    "ipvsadm -ln -u 192.168.80.150:53",
    "ipvsadm -e -t 192.168.80.150:80 -r 192.168.80.202 -w 3",
    "ipvsadm -ln -t 192.168.80.150:80",
    "ipvsadm -e -t 192.168.80.150:80 -r 192.168.80.202 -m",
    "ipvsadm -e -t 192.168.80.150:80 -r 192.168.80.202",
    "ipvsadm -E -t 192.168.80.150:80 -s wlc",
    "ipvsadm -E -t 192.168.80.150:80",
    "ipvsadm -E -t 192.168.80.150:80 -s nosched",
    "ipvsadm -d -t 192.168.80.150:80 -r 192.168.80.204:8080",
    "ipvsadm -d -t 192.168.80.150:80 -r 192.168.80.204",
    "ipvsadm -D -f 8",
    "ipvsadm -D -u 192.168.80.150:53",
    "ipvsadm -A -t 192.168.80.160:80",
    "ipvsadm -A -t 192.168.80.161:http -s rr",
    "ipvsadm -A -t 192.168.80.162:80 -s nosched",
    "ipvsadm -a -t 192.168.80.199:80 -r 192.168.80.202 -g",
    "ipvsadm -a -t 192.168.80.150:80 -r 192.168.80.206 -g -w 65536",
    "ipvsadm -a -t 192.168.80.150:80 -r 192.168.80.207 -g -w 99999",
    "ipvsadm -A -u 192.168.80.163:53 -s rr -o",
    "ipvsadm -A -t 192.168.80.163:0 -s rr -p",
    "ipvsadm -A -f 7 -s rr",
    "ipvsadm -A -t 192.168.80.164:80 -s rr -M 255.255.255.0",
    "ipvsadm -A -t 192.168.80.164:80 -s rr -p 60 -M 255.0.255.0",
    "ipvsadm -E -t 192.168.80.199:80 -s rr",
    "ipvsadm -D -t 192.168.80.199:80",
    "ipvsadm -d -t 192.168.80.199:80 -r 192.168.80.202",
    "ipvsadm -d -t 192.168.80.150:80 -r 192.168.80.99",
    "ipvsadm -e -t 192.168.80.150:80 -r 192.168.80.99 -g",
    "ipvsadm -e -t 192.168.80.199:80 -r 192.168.80.99 -g",
    "ipvsadm -ln -t 192.168.80.199:80",
    "ipvsadm -Z -t 192.168.80.199:80",
    "ipvsadm -ln --stats --rate",
    "ipvsadm -ln --timeout",
    "ipvsadm -a -t 192.168.80.150:80 -r 192.168.80.209 -g -x 20 -y 10",
    "ipvsadm -A -t 192.168.80.171:80 -s sh -b sh-port,sh-fallback",
    "ipvsadm -A -t 192.168.80.173:80 -s mh -b mh-port",
    "ipvsadm --start-daemon master",
    "ipvsadm --start-daemon=backup --mcast-interface=eth1 --syncid 3 --sync-maxlen 1000",
    "ipvsadm --start-daemon backup --mcast-group 239.1.1.1 --mcast-port 9000 --mcast-ttl 255",
    "ipvsadm --stop-daemon backup --syncid 3",
    "ipvsadm -l -n --daemon --nosort",
};

TEST(IpvsadmParse, ReadsItsOwnCanonicalLineAsTheSameCommand) {
  for (const std::string_view line : kGoodIpvsLines) {
    const auto command = parse(line);
    ASSERT_TRUE(command.has_value()) << line << ": " << command.error().err;
    const auto again = parse(to_text(*command));
    ASSERT_TRUE(again.has_value()) << line << " became " << to_text(*command);
    EXPECT_EQ(*again, *command) << line << " became " << to_text(*command);
  }
}

IpvsServiceKey random_key(Prng& random) {
  if (random.below(4) == 0) return {0, {}, 0, 1 + random.below(1000)};
  const std::uint8_t protocol = random.below(2) == 0 ? 6 : 17;
  return {protocol, Ipv4Addr{0xc0a8'5000U + random.below(256)},
          static_cast<std::uint16_t>(1 + random.below(65535)), 0};
}

void add_service_options(IpvsadmCommand& command, Prng& random) {
  static constexpr std::string_view kSchedulers[] = {"rr", "wrr", "lc", "wlc", "sh", "mh", "sed"};
  command.scheduler = kSchedulers[random.below(7)];
  if (random.below(2) == 0) {
    command.persistent = true;
    command.timeout_s = 1 + random.below(86400);
    if (random.below(2) == 0) command.netmask = Ipv4Addr{0xffff'ff00U};
  }
  command.one_packet = command.service->protocol != 6 && random.below(2) == 0;
  command.sched_flags = random.below(8) << 3;
}

IpvsadmCommand random_command(Prng& random) {
  IpvsadmCommand command;
  command.verb = static_cast<Verb>(random.below(14));
  switch (command.verb) {
    case Verb::kAddService:
    case Verb::kEditService:
      command.service = random_key(random);
      add_service_options(command, random);
      break;
    case Verb::kAddServer:
    case Verb::kEditServer: {
      command.service = random_key(random);
      IpvsServer& server = command.server.emplace();
      server.addr = Ipv4Addr{random.below(0xffff'ffffU)};
      server.forward = random.below(2) == 0 ? IpvsForward::kMasq : IpvsForward::kTunnel;
      const bool own_port = server.forward == IpvsForward::kMasq || command.service->fwmark != 0;
      server.port =
          own_port ? static_cast<std::uint16_t>(random.below(65536)) : command.service->port;
      server.weight = static_cast<std::int32_t>(random.below(65536));
      server.upper = random.below(100);
      server.lower = random.below(100);
      break;
    }
    case Verb::kDeleteService: command.service = random_key(random); break;
    case Verb::kDeleteServer:
      command.service = random_key(random);
      command.server.emplace().port = static_cast<std::uint16_t>(random.below(65536));
      break;
    case Verb::kSetTimeouts:
      command.timeouts = {random.below(1000), random.below(1000), random.below(1000)};
      break;
    case Verb::kList:
      command.list.numeric = random.below(2) == 0;
      command.list.exact = random.below(2) == 0;
      command.list.unsorted = random.below(2) == 0;
      command.list.stats = random.below(2) == 0;
      if (random.below(2) == 0) command.service = random_key(random);
      break;
    case Verb::kSave: command.list.numeric = random.below(2) == 0; break;
    case Verb::kZero:
      if (random.below(2) == 0) command.service = random_key(random);
      break;
    case Verb::kStartDaemon:
    case Verb::kStopDaemon: {
      IpvsSyncDaemon& daemon = command.daemon.emplace();
      daemon.backup = random.below(2) == 0;
      daemon.sync_id = static_cast<std::uint8_t>(random.below(256));
      if (command.verb == Verb::kStopDaemon) break;
      daemon.interface = random.below(2) == 0 ? "eth0" : "eth1";
      daemon.max_length = static_cast<std::uint16_t>(random.below(65'508));
      daemon.port = static_cast<std::uint16_t>(random.below(65'536));
      daemon.ttl = static_cast<std::uint8_t>(random.below(256));
      if (random.below(2) == 0) daemon.group = Ipv4Addr{0xe000'0000U | random.below(0x1000'0000)};
      break;
    }
    case Verb::kClear:
    case Verb::kRestore: break;
  }
  return command;
}

TEST(IpvsadmParse, AnyTypedCommandSurvivesItsOwnText) {
  Prng random(2024);
  for (int i = 0; i < 5000; ++i) {
    const IpvsadmCommand command = random_command(random);
    const auto again = parse(to_text(command));
    ASSERT_TRUE(again.has_value()) << to_text(command) << ": " << again.error().err;
    ASSERT_EQ(*again, command) << to_text(command);
  }
}

TEST(IpvsadmParse, TheNotesServerTakesTheServicesPort) {
  const auto command = parse("ipvsadm -a -t 192.168.80.150:80 -r 192.168.80.202 -g -w 1");
  ASSERT_TRUE(command.has_value());
  EXPECT_EQ(command->verb, Verb::kAddServer);
  EXPECT_EQ(command->service->port, 80);
  EXPECT_EQ(command->server->addr, Ipv4Addr::parse("192.168.80.202"));
  EXPECT_EQ(command->server->port, 80);
  EXPECT_EQ(command->server->forward, IpvsForward::kRoute);
  EXPECT_EQ(command->server->weight, 1);
}

TEST(IpvsadmParse, DirectRoutingCannotChangeThePortButMasqueradingCan) {
  const auto route = parse("ipvsadm -a -t 1.2.3.4:80 -r 1.1.1.1:8080 -g");
  const auto masq = parse("ipvsadm -a -t 1.2.3.4:80 -r 1.1.1.1:8080 -m");
  const auto removal = parse("ipvsadm -d -t 1.2.3.4:80 -r 1.1.1.1:8080");
  ASSERT_TRUE(route && masq && removal);
  EXPECT_EQ(route->server->port, 80);
  EXPECT_EQ(masq->server->port, 8080);
  EXPECT_EQ(removal->server->port, 8080);
}

TEST(IpvsadmParse, TunnelOptionsGoWithTheirType) {
  const auto gue = parse("ipvsadm -a -t 1.2.3.4:80 -r 1.1.1.1 -i --tun-type gue --tun-port 6080");
  ASSERT_TRUE(gue);
  EXPECT_EQ(gue->server->tunnel.type, IpvsTunnelType::kGue);
  EXPECT_EQ(gue->server->tunnel.port, 6080);
  const std::pair<std::string_view, std::string_view> wrong[] = {
      {"-i --tun-type gue", "You need to supply the 'tun-port' option for the 'gue' tunnel type"},
      {"-i --tun-type foo", "illegal tunnel type specified"},
      {"-i --tun-type gue --tun-port 0", "illegal tunnel port specified"},
      {"-i --tun-type ipip --tun-port 99", "Illegal 'tun-port' option with the 'ipip' tunnel type"},
      {"-i --tun-type gre --tun-port 99", "Illegal 'tun-port' option with the 'gre' tunnel type"},
      {"-g --tun-type gre", "Tunnel options conflict with forward method"},
      {"--tun-type gre", "Tunnel options conflict with forward method"},
  };
  for (const auto& [options, message] : wrong) {
    const auto command = parse("ipvsadm -a -t 1.2.3.4:80 -r 1.1.1.1 " + std::string(options));
    ASSERT_FALSE(command.has_value()) << options;
    EXPECT_EQ(command.error().status, 2);
    EXPECT_EQ(command.error().err, std::string(message) + "\n") << options;
  }
}

TEST(IpvsadmParse, WhatIsNotModelledSaysSo) {
  for (const std::string_view line :
       {"ipvsadm -A -t 1.2.3.4:80 --pe sip", "ipvsadm -A --sctp-service 1.2.3.4:80 --pe sip",
        "ipvsadm --start-daemon backup --mcast-group ff02::1",
        "ipvsadm -a -t 10.0.0.1:80 -r [2001:db8::204]:80 -i",
        "ipvsadm -a -t [2001:db8::1]:80 -r [2001:db8::2]:80 -i --tun-type gre",
        "ipvsadm -a -t [2001:db8::1]:80 -r 10.0.0.1:80 -i"}) {
    const auto command = parse(line);
    ASSERT_FALSE(command.has_value()) << line;
    EXPECT_EQ(command.error().status, 2);
    EXPECT_THAT(command.error().err, testing::StartsWith("lvslab: ipvsadm: ")) << line;
    EXPECT_THAT(command.error().err, testing::HasSubstr("not modelled")) << line;
  }
}

struct SixLine {
  std::string_view line, canonical;
};

constexpr SixLine kSixLines[] = {
    {"ipvsadm -A -t [2001:db8::150]:80 -s rr", "ipvsadm -A -t [2001:db8::150]:80 -s rr"},
    {"ipvsadm -A -t [2001:DB8:0::150]:http -s rr", "ipvsadm -A -t [2001:db8::150]:80 -s rr"},
    {"ipvsadm -A -u [2001:db8::150]:53 -p 60 -M 64 -s sh",
     "ipvsadm -A -u [2001:db8::150]:53 -s sh -p 60 -M 64"},
    {"ipvsadm -A -t 2001:db8::150 -s rr -p 9 -M 128", "ipvsadm -A -t [2001:db8::150]:0 -s rr -p 9"},
    {"ipvsadm -A -t [2001:db8::158]:80 -s rr -p 9 -M 6x",
     "ipvsadm -A -t [2001:db8::158]:80 -s rr -p 9 -M 6"},
    // What was said before the address is forgotten.
    {"ipvsadm -A -s rr -p 10 -M 255.255.255.0 -t [2001:db8::156]:81",
     "ipvsadm -A -t [2001:db8::156]:81 -s rr -p 10"},
    {"ipvsadm -A -f 6 -p 10 -M 255.255.255.0 -6", "ipvsadm -A -f 6 -6 -s wlc -p 10"},
    {"ipvsadm -A -f 5 -6 -p 10 -M 64", "ipvsadm -A -f 5 -6 -s wlc -p 10 -M 64"},
    {"ipvsadm -a -f 5 -6 -r 2001:db8::205", "ipvsadm -a -f 5 -6 -r [2001:db8::205]:0 -g -w 1"},
    {"ipvsadm -a -t [2001:db8::150]:80 -r 2001:db8::204 -g -w 3",
     "ipvsadm -a -t [2001:db8::150]:80 -r [2001:db8::204]:80 -g -w 3"},
    {"ipvsadm -a -t [2001:db8::150]:80 -r [2001:db8::a]:8080 -m",
     "ipvsadm -a -t [2001:db8::150]:80 -r [2001:db8::a]:8080 -m -w 1"},
    {"ipvsadm -a -t [2001:db8::150]:80 -r [2001:db8::a]:80 -i",
     "ipvsadm -a -t [2001:db8::150]:80 -r [2001:db8::a]:80 -i -w 1 --tun-type ipip"},
    {"ipvsadm -A -t [10.0.0.1]:80 -p", "ipvsadm -A -t 10.0.0.1:0 -s wlc -p 360"},
};

TEST(IpvsadmParse, Ipv6AddressesStandInBracketsAndMasksAreLengths) {
  for (const SixLine& want : kSixLines) {
    const auto command = parse(want.line);
    ASSERT_TRUE(command.has_value()) << want.line << ": " << command.error().err;
    EXPECT_EQ(to_text(*command), want.canonical);
    EXPECT_EQ(*parse(to_text(*command)), *command) << want.canonical;
  }
}

constexpr BadLine kRefusedSixLines[] = {
    {"ipvsadm -A -t 2001:db8::150:80 -s rr", "Zero port specified for non-persistent service\n", 2},
    {"ipvsadm -A -t [2001:db8::150] -s rr", "illegal virtual server address[:port] specified\n", 2},
    {"ipvsadm -A -t [2001:db8::150:80", "illegal virtual server address[:port] specified\n", 2},
    {"ipvsadm -A -t [zz]:80 -s rr", "illegal virtual server address[:port] specified\n", 2},
    {"ipvsadm -A -t [2001:db8::150]: -s rr", "illegal virtual server address[:port] specified\n",
     2},
    {"ipvsadm -A -t [2001:db8::150]:70000", "illegal virtual server address[:port] specified\n", 2},
    {"ipvsadm -a -f 6 -6 -r [2001:db8::204] -g", "illegal real server address[:port] specified\n",
     2},
    {"ipvsadm -A -t [2001:db8::150]:81 -p 10 -M 129", "illegal ipv6 netmask specified\n", 2},
    {"ipvsadm -A -t [2001:db8::150]:81 -p 10 -M 0", "illegal ipv6 netmask specified\n", 2},
    {"ipvsadm -A -t [2001:db8::150]:81 -M 255.255.0.0", "illegal ipv6 netmask specified\n", 2},
    {"ipvsadm -A -6 -f 3 -s rr", "-6 used before -f\n\n", 2},
    {"ipvsadm -A -t [2001:db8::151]:80 -6", "-6 used before -f\n\n", 2},
    {"ipvsadm -ln -6", "-6 used before -f\n\n", 2},
    {"ipvsadm -a -t [2001:db8::150]:80 -r 10.0.0.1:80 -m",
     "Different address family is allowed only for tunneling servers\n", 2},
    {"ipvsadm -a -t 10.0.0.1:80 -r [2001:db8::204]:80 -g",
     "Different address family is allowed only for tunneling servers\n", 2},
    {"ipvsadm -a -f 3 -r [2001:db8::204]:0 -m",
     "Different address family is allowed only for tunneling servers\n", 2},
};

TEST(IpvsadmParse, RefusesIpv6AsTheToolDoes) {
  for (const BadLine& bad : kRefusedSixLines) {
    const auto command = parse(bad.line);
    ASSERT_FALSE(command.has_value()) << bad.line;
    EXPECT_EQ(command.error().err, bad.message) << bad.line;
    EXPECT_EQ(command.error().status, bad.status) << bad.line;
  }
}

TEST(IpvsadmParse, NamesOfTheHostsFileStandForAddresses) {
  const HostName names[] = {{Ipv4Addr{0xc0a8'5096U}, "vip"}};
  const auto command = parse_ipvsadm(words("ipvsadm -A -t vip:http -s rr"), names);
  ASSERT_TRUE(command.has_value());
  EXPECT_EQ(command->service->addr.to_string(), "192.168.80.150");
  EXPECT_EQ(command->service->port, 80);
}

TEST(IpvsadmParse, HelpAndVersionGoToStandardOutput) {
  const auto help = parse("ipvsadm -h");
  ASSERT_FALSE(help.has_value());
  EXPECT_EQ(help.error().status, 0);
  EXPECT_THAT(help.error().out, testing::HasSubstr("  ipvsadm -a|e virtual-service -r"));
  EXPECT_EQ(parse("ipvsadm -v").error().out,
            "ipvsadm v1.31 2019/12/24 (compiled with popt and IPVS v1.2.1)\n");
}

TEST(IpvsadmRestore, GoesOnAfterAMissingValueAndStopsAtAnythingWorse) {
  const auto lines = parse_restore_lines(
      "-A -t 1.1.1.1:80 -s rr\n\n-A -s\n-a -t 1.1.1.1:80 -r 2.2.2.2:80 -g -w 1\n"
      "garbage\n-A -t 4.4.4.4:80\n");
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_TRUE(lines[0].command.has_value());
  EXPECT_EQ(lines[1].command.error().err, "-s: missing argument\n");
  EXPECT_FALSE(lines[1].stop);
  EXPECT_EQ(lines[2].command->verb, Verb::kAddServer);
  EXPECT_EQ(lines[3].command.error().status, 255);
  EXPECT_TRUE(lines[3].stop);
}

TEST(IpvsadmFailure, TheKernelsAnswerIsWordedByTheCommand) {
  const auto said = [](Verb verb, IpvsErrno error) {
    const Output output = ipvs_failure(verb, error);
    return output.err + std::to_string(output.status);
  };
  EXPECT_EQ(said(Verb::kAddService, IpvsErrno::kEexist), "Service already exists\n255");
  EXPECT_EQ(said(Verb::kAddServer, IpvsErrno::kEexist), "Destination already exists\n255");
  EXPECT_EQ(said(Verb::kAddService, IpvsErrno::kEnoent),
            "Scheduler or persistence engine not found\n255");
  EXPECT_EQ(said(Verb::kDeleteService, IpvsErrno::kEsrch), "No such service\n255");
  EXPECT_EQ(said(Verb::kList, IpvsErrno::kEsrch), "No such service\n1");
  EXPECT_EQ(said(Verb::kAddServer, IpvsErrno::kEsrch), "Service not defined\n255");
  EXPECT_EQ(said(Verb::kDeleteServer, IpvsErrno::kEnoent), "No such destination\n255");
  EXPECT_EQ(said(Verb::kStartDaemon, IpvsErrno::kEexist), "Daemon has already run\n255");
  EXPECT_EQ(said(Verb::kStopDaemon, IpvsErrno::kEsrch), "No daemon is running\n255");
  EXPECT_EQ(said(Verb::kStartDaemon, IpvsErrno::kEnodev), "No such device\n255");
  EXPECT_EQ(said(Verb::kStartDaemon, IpvsErrno::kEnetunreach), "Network is unreachable\n255");
  EXPECT_EQ(said(Verb::kAddServer, IpvsErrno::kErange), "Numerical result out of range\n255");
}

TEST(IpvsScripts, AreReadAsTheyAre) {
  const auto parse = [](std::vector<std::string> args) { return parse_ipvs_script(args); };
  EXPECT_EQ(parse({"ipvsadm-save"}), IpvsScriptCommand{});
  EXPECT_EQ(parse({"ipvsadm-save", "file", "-n"}), IpvsScriptCommand{.numeric = true});
  EXPECT_EQ(parse({"ipvsadm-restore", "-x"}), IpvsScriptCommand{.restores = true});
  EXPECT_EQ(to_text(*parse({"ipvsadm-save", "-n"})), "ipvsadm-save -n");
  EXPECT_EQ(to_text(*parse({"ipvsadm-restore"})), "ipvsadm-restore");
  const auto wrong = parse({"ipvsadm-save", "-h"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().status, 1);
  EXPECT_EQ(without_comments("# a\n-A\n #\n#"), "-A\n #\n");
}

}  // namespace
}  // namespace lvslab::command
