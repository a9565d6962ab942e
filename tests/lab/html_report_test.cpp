// A run as one HTML file: everything is there, nothing is loaded, nothing that was typed is markup.
#include "sim/lab/html_report.h"

#include <gmock/gmock.h>

#include <regex>

#include "sim/lab/html_text.h"
#include "sim/wire/arp.h"
#include "sim/wire/ethernet.h"

namespace lvslab::lab {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kEvil = "<script>alert('x')</script> & \"quotes\"";

scenario::Scenario two_hosts() {
  scenario::Scenario s;
  s.name = "evil";
  s.title = {std::string(kEvil), "标题 <b>"};
  s.summary = {"First.\n\nSecond & last.", "第一段。"};
  s.lesson = {"Take <this> away.", "小结"};
  s.switches.push_back({.name = "lan", .link = {}, .uplinks = {}, .where = {}});
  for (const char* name : {"a", "b"}) {
    scenario::Host host;
    host.name = name;
    host.nics.push_back({.name = "eth0",
                         .mac = {},
                         .addresses = {*Ipv4Prefix::parse("10.0.0.1/24")},
                         .switch_name = "lan",
                         .peer = {},
                         .link = {},
                         .where = {},
                         .addresses_where = {},
                         .attach_where = {}});
    s.hosts.push_back(std::move(host));
  }
  return s;
}

/// `a` types a line that prints markup, and asks for an address; `b` hears it and stays silent.
Trace evil_trace() {
  Trace trace;
  const NodeId a = trace.add_node({.name = "a", .is_switch = false, .devices = {}});
  const NodeId b = trace.add_node({.name = "b", .is_switch = false, .devices = {}});
  const auto text = [&](NodeId node, RecordKind kind, std::string_view words,
                        std::uint32_t pid = 7) {
    TraceRecord r;
    r.node = node;
    r.kind = kind;
    r.args = {trace.add_text(words), pid, 1};
    return trace.append(r);
  };
  text(a, RecordKind::kCommand, "echo '<img src=x>'");
  text(a, RecordKind::kOutput, "<img src=x>\x01\xff\n");
  std::array<std::uint8_t, EthernetRepr::kLength + ArpRepr::kLength> frame{};
  EthernetRepr{MacAddr::broadcast(), {}, EtherType::kArp}.emit(
      std::span(frame).first<EthernetRepr::kLength>());
  const ArpRepr arp{ArpOp::kRequest, {}, Ipv4Addr(0x0a000001), {}, Ipv4Addr(0x0a000002)};
  arp.emit(std::span(frame).subspan<EthernetRepr::kLength, ArpRepr::kLength>());
  TraceRecord sent;
  sent.node = a;
  sent.dev = IfIndex(2);
  sent.kind = RecordKind::kFrameSent;
  sent.frame = trace.add_frame(frame);
  TraceRecord heard = sent;
  heard.cause = trace.append(sent);
  heard.node = b;
  heard.kind = RecordKind::kFrameReceived;
  TraceRecord silent = heard;
  silent.cause = trace.append(heard);
  silent.kind = RecordKind::kDecision;
  silent.reason = Reason::kArpIgnored;
  silent.args = {0x0a000002, 1, 0};
  trace.append(silent);
  trace.append(silent);
  text(b, RecordKind::kFault, "crash");
  return trace;
}

std::string report(Language language, std::vector<Finding> findings = {}) {
  static const scenario::Scenario kScenario = two_hosts();
  static const Trace kTrace = evil_trace();
  return html_report({.scenario = &kScenario,
                      .trace = &kTrace,
                      .findings = std::move(findings),
                      .checked = true,
                      .backend = "simulator",
                      .end = SimTime{2'000'000'000},
                      .language = language});
}

/// Names of the elements that are open where they should not be; empty for well-formed markup.
std::string unbalanced(const std::string& page) {
  static const std::regex kTag(R"(<(/?)([a-zA-Z0-9]+)((?:[^<>"]|"[^"<]*")*?)(/?)>)");
  std::vector<std::string> open;
  const std::string body = page.substr(page.find("<html"));
  for (std::sregex_iterator tag(body.begin(), body.end(), kTag); tag != std::sregex_iterator();
       ++tag) {
    const std::string name = (*tag)[2];
    if ((*tag)[4].length() > 0) continue;
    if ((*tag)[1].length() == 0) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return name;
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : open.back();
}

TEST(HtmlText, LeavesNothingThatMarksUp) {
  EXPECT_EQ(html("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  EXPECT_EQ(html("重传 ↻"), "重传 ↻");
  EXPECT_EQ(html(std::string("a\0b\x1b[31m\xff", 9)), "a\uFFFDb\uFFFD[31m\uFFFD");
  EXPECT_EQ(html_paragraphs("one\nline\n\ntwo <"), "<p>one\nline</p>\n<p>two &lt;</p>\n");
}

TEST(HtmlReport, SaysEverythingAndEscapesIt) {
  const std::string page = report(Language::kEn);
  EXPECT_THAT(page, AllOf(HasSubstr("&lt;script&gt;alert(&#39;x&#39;)"), HasSubstr("<h2>Topology"),
                          HasSubstr("Second &amp; last."), HasSubstr("&lt;img src=x&gt;\uFFFD"),
                          HasSubstr("who-has .2"), HasSubstr("b stays silent: arp_ignore=1"),
                          HasSubstr(">2×<"), HasSubstr("arp_ignore()"), HasSubstr("⚡ crash"),
                          HasSubstr("Take &lt;this&gt; away.")));
  EXPECT_THAT(page, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<img"))));
  EXPECT_EQ(unbalanced(page), "");
}

TEST(HtmlReport, LoadsNothing) {
  std::string page = report(Language::kEn);
  const std::string name = "xmlns=\"http://www.w3.org/1999/xhtml\"";  // a name, not an address
  page.erase(page.find(name), name.size());
  EXPECT_THAT(page, AllOf(Not(HasSubstr("http:")), Not(HasSubstr("https:")), Not(HasSubstr("url(")),
                          Not(HasSubstr("<link")), Not(HasSubstr("@import"))));
}

TEST(HtmlReport, SpeaksChinese) {
  const std::string page = report(Language::kZh);
  EXPECT_THAT(page,
              AllOf(HasSubstr("lang=\"zh-CN\""), HasSubstr("标题 &lt;b&gt;"), HasSubstr("拓扑"),
                    HasSubstr("b 不应答"), HasSubstr("交换机"), Not(HasSubstr("Topology"))));
}

TEST(HtmlReport, TellsWhatHeldAndWhatFailed) {
  Finding held;
  held.passed = true;
  held.what = {"exactly 1 packets", "恰好 1 个报文"};
  Finding failed;
  failed.what = {"table <arp>", {}};
  failed.unmet = {{"no line has 'x'", {}}};
  failed.seen = {{"10.0.0.2 <stale>", {}}};
  failed.why = {"Because & why.", "因为"};
  const std::string page = report(Language::kEn, {held, failed});
  EXPECT_THAT(page, AllOf(HasSubstr("✕ 1 of 2 expectations failed."), HasSubstr("✓ holds"),
                          HasSubstr("table &lt;arp&gt;"), HasSubstr("10.0.0.2 &lt;stale&gt;"),
                          HasSubstr("Because &amp; why.")));
  EXPECT_THAT(report(Language::kEn, {held}), HasSubstr("✓ All 1 expectations hold."));
  EXPECT_EQ(unbalanced(page), "");
}

TEST(HtmlReport, CountsWhatItDoesNotShow) {
  const scenario::Scenario scenario = two_hosts();
  const Trace trace = evil_trace();
  const std::string page = html_report({.scenario = &scenario, .trace = &trace, .most_rows = 1});
  EXPECT_THAT(page, AllOf(HasSubstr("2 further rows are not shown."),
                          HasSubstr("This run was not checked.")));
}

}  // namespace
}  // namespace lvslab::lab
