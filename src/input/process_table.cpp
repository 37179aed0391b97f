// Walks /proc/PID/fd. Whatever it meets may end, change or be hidden while it is read.
#include "input/process_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "model/proc_text.h"

namespace sekisho {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

std::string text_of(const std::string& path, std::size_t most) {
  const Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  std::string text(most, '\0');
  const auto got = file ? ::read(file.get(), text.data(), text.size()) : -1;
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

std::string link_of(const std::string& path) {
  char text[4096];
  const auto got = ::readlink(path.c_str(), text, sizeof text);
  return {text, got > 0 ? static_cast<std::size_t>(got) : 0};
}

std::int64_t number(const char* name) {
  std::int64_t value = 0;
  const char* end = name + std::strlen(name);
  const auto [at, error] = std::from_chars(name, end, value);
  return error == std::errc{} && at == end ? value : 0;
}

}  // namespace

bool ProcessTable::read(std::int64_t pid, Process& into) {
  const auto folder = fmt::format("/proc/{}", pid);
  if (!parse_stat(text_of(folder + "/stat", 4096), into)) return false;
  into.pid = pid;
  parse_exe_link(link_of(folder + "/exe"), into);
  into.args = parse_arguments(text_of(folder + "/cmdline", 4096));
  into.has_args = !into.args.empty();
  into.uid = parse_effective_uid(text_of(folder + "/status", 8192));
  parse_cgroup(text_of(folder + "/cgroup", 16'384), into);
  into.net_ns = parse_bracketed(link_of(folder + "/ns/net"), "net").value_or(0);
  return true;
}

void ProcessTable::look(const std::unordered_set<std::uint64_t>& inodes) {
  std::erase_if(holders_, [&](const auto& known) { return !inodes.contains(known.first); });
  std::size_t missing = inodes.size() - holders_.size(), seen = 0;
  const Folder all{::opendir("/proc")};
  while (missing > 0 && all && seen < kMaxProcesses) {
    const dirent* entry = ::readdir(all.get());
    if (!entry) break;
    const auto pid = number(entry->d_name);
    if (pid <= 0 || pid == ::getpid()) continue;
    ++seen;
    const auto folder = fmt::format("/proc/{}/fd", pid);
    const Folder descriptors{::opendir(folder.c_str())};
    Process process;
    bool known = false;
    std::size_t looked = 0;
    while (missing > 0 && descriptors && looked++ < kMaxDescriptors) {
      const dirent* descriptor = ::readdir(descriptors.get());
      if (!descriptor) break;
      char target[64];
      const auto got = ::readlinkat(::dirfd(descriptors.get()), descriptor->d_name, target, sizeof target);
      if (got <= 0) continue;
      const auto inode = parse_bracketed({target, static_cast<std::size_t>(got)}, "socket");
      if (!inode || !inodes.contains(*inode) || holders_.contains(*inode)) continue;
      if (!known && !read(pid, process)) break;
      known = true;
      holders_.emplace(*inode, process);
      --missing;
    }
  }
}

std::unordered_set<std::uint64_t> ProcessTable::sockets_of(std::int64_t pid) {
  std::unordered_set<std::uint64_t> out;
  const Folder descriptors{::opendir(fmt::format("/proc/{}/fd", pid).c_str())};
  for (std::size_t looked = 0; descriptors && looked < kMaxDescriptors; ++looked) {
    const dirent* descriptor = ::readdir(descriptors.get());
    if (!descriptor) break;
    char target[64];
    const auto got = ::readlinkat(::dirfd(descriptors.get()), descriptor->d_name, target, sizeof target);
    if (got <= 0) continue;
    if (const auto inode = parse_bracketed({target, static_cast<std::size_t>(got)}, "socket")) out.insert(*inode);
  }
  return out;
}

const Process* ProcessTable::holder(std::uint64_t inode) const {
  const auto found = holders_.find(inode);
  return inode == 0 || found == holders_.end() ? nullptr : &found->second;
}

std::vector<Process> ProcessTable::parents(const Process& process) {
  std::vector<Process> chain;
  for (auto pid = process.parent; pid > 0 && chain.size() < 8;) {
    Process parent;
    if (!read(pid, parent)) break;
    pid = parent.parent;
    chain.push_back(std::move(parent));
  }
  return chain;
}

}  // namespace sekisho
