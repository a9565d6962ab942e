// The programs that take simulated time, as one variant of plain values, and how a host runs them.
#pragma once

#include <variant>

#include "sim/apps/ab.h"
#include "sim/apps/app_io.h"
#include "sim/apps/arping.h"
#include "sim/apps/curl.h"
#include "sim/apps/dnsmasq.h"
#include "sim/apps/httpd.h"
#include "sim/apps/nc.h"
#include "sim/apps/ncat.h"
#include "sim/apps/nginx.h"
#include "sim/apps/ping.h"
#include "sim/apps/sleep.h"
#include "sim/apps/ssh.h"
#include "sim/apps/tcpdump.h"
#include "sim/apps/traceroute.h"
#include "sim/apps/vsftpd.h"
#include "sim/apps/web_load.h"

namespace lvslab::apps {

using App = std::variant<std::monostate, Sleep, Httpd, Curl, Ab, Nc, Ncat, Ping, Traceroute, Arping,
                         Tcpdump, WebClient, WebServer, UdpSource, UdpSink, Dnsmasq, Nginx, Ssh,
                         Sshd, Vsftpd>;

// Each hands the news to the program; a program that does not care ignores it.
void start(Step& step, AppIo& io, App& app);
void on_timer(Step& step, AppIo& io, App& app);
void on_socket(Step& step, AppIo& io, App& app, const SocketEvent& event);
void on_icmp(Step& step, AppIo& io, App& app, const IcmpNews& news);
void on_udp(Step& step, AppIo& io, App& app, const UdpNews& news);
/// What the program waited for after AppIo::look_up().
void on_resolved(Step& step, AppIo& io, App& app);
void on_frame(Step& step, AppIo& io, App& app, const TappedFrame& frame);
/// The end of what AppIo::run_command() started.
void on_command(Step& step, AppIo& io, App& app, std::uint32_t ticket, int status,
                std::string_view output);
/// Ctrl-C or kill: prints its closing lines, if it has any, and exits.
void on_signal(Step& step, AppIo& io, App& app, Signal signal);

}  // namespace lvslab::apps
