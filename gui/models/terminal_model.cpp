#include "gui/models/terminal_model.h"

#include <algorithm>

#include "gui/models/play_model.h"
#include "gui/models/words.h"
#include "sim/command/shell.h"

namespace lvslab::gui {
namespace {

/// The end of a long session is what one reads.
constexpr qsizetype kLongest = 200'000;

/// First words, and the beginnings of lines that labs type most.
constexpr auto kBeginnings =
    std::to_array<const char*>({"arp -n",
                                "arping -I eth0 ",
                                "cat /etc/keepalived/keepalived.conf",
                                "cat /proc/net/ip_vs",
                                "cat /proc/sys/net/ipv4/conf/all/arp_ignore",
                                "curl http://",
                                "curl -s http://",
                                "echo 1 > /proc/sys/net/ipv4/ip_forward",
                                "echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore",
                                "echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce",
                                "ifconfig",
                                "ifconfig eth0:1 ",
                                "ifconfig lo:1 ",
                                "ip addr",
                                "ip addr add ",
                                "ip addr del ",
                                "ip link",
                                "ip link set eth0 down",
                                "ip link set eth0 up",
                                "ip neigh",
                                "ip neigh flush dev eth0",
                                "ip route",
                                "ip route show table local",
                                "ip route get ",
                                "ip rule",
                                "ipvsadm -A -t ",
                                "ipvsadm -C",
                                "ipvsadm -a -t ",
                                "ipvsadm -d -t ",
                                "ipvsadm -ln",
                                "ipvsadm -ln --stats",
                                "ipvsadm -lnc",
                                "nc -l ",
                                "nc -vz ",
                                "netstat -natp",
                                "ping -c 3 ",
                                "service httpd start",
                                "service httpd stop",
                                "service keepalived start",
                                "service keepalived stop",
                                "ss -tan",
                                "sysctl -w net.ipv4.",
                                "tcpdump -ni eth0 ",
                                "traceroute ",
                                "vi /etc/keepalived/keepalived.conf"});

}  // namespace

TerminalModel::TerminalModel(PlayModel& play, QObject* parent) : QObject(parent), play_(play) {
  QObject::connect(&play, &PlayModel::moved, this, &TerminalModel::rebuild);
  QObject::connect(&play, &PlayModel::opened, this, &TerminalModel::rebuild);
}

void TerminalModel::set_host(const std::string& host) {
  if (host != host_) history_.clear();
  host_ = host;
  rebuild();
}

QString TerminalModel::prompt() const { return QStringLiteral("[root@%1 ~]# ").arg(to_qt(host_)); }

void TerminalModel::remember(const QString& line) {
  history_.removeAll(line);
  history_ << line;
}

void TerminalModel::write(Position i, QString& out) const {
  const Trace& trace = play_.trace();
  const TraceRecord& r = trace[RecordId(i)];
  switch (r.kind) {
    case RecordKind::kCommand:
      if (!out.isEmpty() && !out.endsWith(u'\n')) out += u'\n';
      out += prompt() + to_qt(command::as_typed(trace.text(r.args[0]))) + u'\n';
      return;
    case RecordKind::kOutput: out += without_controls(to_qt(trace.text(r.args[0]))); return;
    case RecordKind::kFault:
      if (!out.isEmpty() && !out.endsWith(u'\n')) out += u'\n';
      out += QStringLiteral("*** %1\n").arg(to_qt(trace.text(r.args[0])));
      return;
    default: return;
  }
}

void TerminalModel::rebuild() {
  QString text;
  const NodeId node = play_.node(host_);
  if (node.valid()) {
    const std::vector<Position>& words = play_.history().words();
    for (auto at = std::ranges::lower_bound(words, play_.start());
         at != words.end() && *at < play_.position(); ++at) {
      const Position i = *at;
      if (play_.trace()[RecordId(i)].node == node) write(i, text);
    }
  }
  if (text.size() > kLongest) text = text.last(kLongest);
  if (text == text_) return;
  text_ = text;
  Q_EMIT changed();
}

QStringList TerminalModel::completions(const QString& line) const {
  QStringList lines;
  for (const QString& past : history_) {
    if (past.startsWith(line) && past != line) lines << past;
  }
  for (const char* beginning : kBeginnings) {
    const QString candidate = QString::fromLatin1(beginning);
    if (candidate.startsWith(line) && candidate != line) lines << candidate;
  }
  // The last word may be an address or a name of the lab.
  const qsizetype blank = std::max(line.lastIndexOf(u' '), line.lastIndexOf(u'/'));
  const QString head = line.first(blank + 1);
  const QString word = line.sliced(blank + 1);
  if (blank >= 0 && !word.isEmpty() && play_.has_scenario()) {
    for (const scenario::Host& host : play_.scenario().hosts) {
      if (to_qt(host.name).startsWith(word)) lines << head + to_qt(host.name);
      for (const scenario::Nic& nic : host.nics) {
        for (const Ipv4Prefix& address : nic.addresses) {
          const QString text = to_qt(address.addr.to_string());
          if (text.startsWith(word)) lines << head + text;
        }
        for (const Ipv6Prefix& address : nic.addresses6) {
          const QString text = to_qt(address.addr.to_string());
          if (text.startsWith(word)) lines << head + text;
        }
      }
    }
  }
  lines.removeDuplicates();
  return lines;
}

}  // namespace lvslab::gui
