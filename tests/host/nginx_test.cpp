// nginx as a service of a host: settings, processes, signals.
#include <gmock/gmock.h>

#include "tests/host/lan.h"

namespace lvslab::host {
namespace {

using testing::HasSubstr;
using testing::Not;

/// a asks b, where nginx leads to c.
Lan with_nginx() {
  Lan lan(3);
  lan.type('c', "yum install httpd -y");
  lan.type('c', "service httpd start");
  lan.type('c', "echo c > /var/www/html/index.html");
  lan.type('b', "yum install nginx -y");
  lan.type('b', "echo 'server { location / { proxy_pass http://c; } }' > /etc/nginx/conf.d/c.conf");
  lan.type('b', "service nginx start");
  return lan;
}

TEST(NginxService, LeadsToTheServer) {
  Lan lan = with_nginx();
  EXPECT_EQ(lan.type('a', "curl -s http://b/"), "c\n");
  EXPECT_THAT(lan.type('b', "cat /var/log/nginx/access.log"),
              HasSubstr("\"GET / HTTP/1.1\" 200 2"));
  EXPECT_EQ(lan.decided('b', Reason::kProxyChose), 1);
}

TEST(NginxService, IsTwoProcesses) {
  Lan lan = with_nginx();
  const std::string processes = lan.type('b', "ps -ef");
  EXPECT_THAT(processes, HasSubstr("nginx: master process nginx"));
  EXPECT_THAT(processes, HasSubstr("nginx: worker process"));
  lan.type('b', "killall -0 nginx");
  EXPECT_EQ(lan.status(), 0);
  lan.type('b', "kill $(cat /run/nginx.pid)");
  EXPECT_THAT(lan.type('b', "ps -ef"), Not(HasSubstr("nginx")));
  lan.type('b', "killall -0 nginx");
  EXPECT_EQ(lan.status(), 1);
}

TEST(NginxService, TestsItsSettings) {
  Lan lan = with_nginx();
  EXPECT_THAT(lan.type('b', "nginx -t"), HasSubstr("test is successful"));
  lan.type('b', "echo 'upstream x { ip_hash; }' > /etc/nginx/conf.d/x.conf");
  EXPECT_THAT(lan.type('b', "nginx -t"),
              HasSubstr("/etc/nginx/conf.d/x.conf:1:14: ip_hash is not modelled"));
  EXPECT_EQ(lan.status(), 2);
}

TEST(NginxService, ReloadsWhatItCanAndKeepsTheOldOtherwise) {
  Lan lan = with_nginx();
  lan.type('b', "echo 'nonsense;' > /etc/nginx/conf.d/x.conf");
  lan.type('b', "service nginx reload");
  EXPECT_EQ(lan.type('a', "curl -s http://b/"), "c\n");
  EXPECT_THAT(lan.type('b', "cat /var/log/nginx/error.log"),
              HasSubstr("unknown directive \"nonsense\" in /etc/nginx/conf.d/x.conf:1"));
  lan.type('b', "rm /etc/nginx/conf.d/x.conf");
  lan.type('b', "echo 'server { location / { return 403; } }' > /etc/nginx/conf.d/c.conf");
  lan.type('b', "nginx -s reload");
  EXPECT_THAT(lan.type('a', "curl -s http://b/"), HasSubstr("403 Forbidden"));
}

TEST(NginxService, DoesNotStartWhereThePortIsTaken) {
  Lan lan = with_nginx();
  lan.type('c', "yum install nginx -y");
  lan.type('c', "echo 'server { location / { return 200; } }' > /etc/nginx/conf.d/c.conf");
  EXPECT_THAT(lan.type('c', "nginx"), HasSubstr("bind() to 0.0.0.0:80 failed (98"));
  EXPECT_EQ(lan.status(), 1);
}

TEST(NginxService, AWorkerThatDiesIsReplaced) {
  Lan lan = with_nginx();
  const std::string before = lan.type('b', "pidof nginx");
  lan.type('b', "kill -9 $(pidof nginx | cut -d' ' -f1)");
  EXPECT_NE(lan.type('b', "pidof nginx"), before);
  EXPECT_EQ(lan.type('a', "curl -s http://b/"), "c\n");
}

}  // namespace
}  // namespace lvslab::host
