#include "config/data_dir.hpp"

#include "config/secret_check.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace chat {
namespace {

constexpr std::size_t kSecretBytes = 48;            // 64 characters
constexpr std::size_t kLeastSecretCharacters = 32;  // of a file that is whole
constexpr std::size_t kMaxKeyFileBytes = 64 * 1024;

std::string reason(int error) { return std::generic_category().message(error); }

Error refuse(const std::string& sentence) { return Error{Errc::invalid, sentence}; }

class File {
 public:
  File(const std::string& path, int flags, mode_t mode = 0) : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  explicit operator bool() const { return fd_ >= 0; }
  int fd() const { return fd_; }

 private:
  int fd_;
};

Result<std::string> random_characters() {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::array<unsigned char, kSecretBytes> bytes{};
  if (getentropy(bytes.data(), bytes.size()) != 0) return Error{Errc::internal, "no random numbers: " + reason(errno)};
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto word = static_cast<std::uint32_t>(bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2]);
    for (int shift = 18; shift >= 0; shift -= 6) out += kAlphabet[(word >> shift) & 63];
  }
  return out;
}

bool write_and_sync(const File& file, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(file.fd(), text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return ::fsync(file.fd()) == 0;
}

// Empty and errno set when it cannot be read.
std::string read_key_file(const File& file) {
  std::string text(kMaxKeyFileBytes, '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    const auto n = ::read(file.fd(), text.data() + length, text.size() - length);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    length += static_cast<std::size_t>(n);
  }
  text.resize(length);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

// Puts a new secret at `path` if nothing is there: written whole and synced under another name first, so that nobody
// ever reads half of one, and linked, which never replaces. Losing that race is as good as winning it.
Result<void> place_new_secret(const std::string& data_dir, const std::string& path) {
  const auto secret = random_characters();
  if (!secret) return secret.error();
  const auto draft = data_dir + "/.secret_key." + std::to_string(::getpid()) + "." + secret->substr(0, 8);
  {
    const File file(draft, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (!file || !write_and_sync(file, *secret + "\n")) {
      const auto why = reason(errno);
      ::unlink(draft.c_str());
      return refuse("DATA_DIR (" + data_dir + ") cannot take the secret that is generated for it: " + why + ".");
    }
  }
  // Some file systems have no hard links; a rename that does not replace does the same.
  const bool placed = ::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST ||
                      ::renameat2(AT_FDCWD, draft.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0 ||
                      errno == EEXIST;
  const auto why = reason(errno);
  ::unlink(draft.c_str());
  if (!placed)
    return refuse("DATA_DIR (" + data_dir + ") cannot take the secret that is generated for it: " + why + ".");
  const File folder(data_dir, O_RDONLY | O_DIRECTORY);
  if (!folder || ::fsync(folder.fd()) != 0) {
    return refuse("DATA_DIR (" + data_dir + ") cannot be synced to disk: " + reason(errno) + ".");
  }
  return {};
}

}  // namespace

Result<void> make_data_dir(const std::string& data_dir) {
  std::string path = data_dir;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  std::error_code error;
  const auto parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return refuse("DATA_DIR (" + data_dir + ") cannot be made: " + reason(errno) + "; write a folder that can be.");
  }
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    return refuse("DATA_DIR (" + data_dir + ") is not a folder: write the path of one.");
  }
  if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
    return refuse("DATA_DIR (" + data_dir + ") cannot be written to: " + reason(errno) +
                  "; write another folder, or change its owner.");
  }
  return {};
}

Result<std::string> load_or_make_secret(const std::string& data_dir) {
  const auto path = data_dir + "/secret_key";
  for (int attempt = 0; attempt < 2; ++attempt) {
    const File file(path, O_RDONLY);
    if (file) {
      struct stat info {};
      if (::fstat(file.fd(), &info) != 0 || !S_ISREG(info.st_mode)) return refuse(path + " is not a file.");
      if ((info.st_mode & 077) != 0) (void)::fchmod(file.fd(), 0600);  // as far as it is ours
      auto secret = read_key_file(file);
      if (secret.size() < kLeastSecretCharacters) {
        return refuse(path + " is damaged: restore it, or delete it to have a new one made (everybody logs in again).");
      }
      return secret;
    }
    if (errno != ENOENT) return refuse(path + " cannot be read: " + reason(errno) + ".");
    if (auto placed = place_new_secret(data_dir, path); !placed) return placed.error();
  }
  return refuse(path + " vanishes while it is being made.");
}

Result<void> prepare_data_dir(Settings& settings, std::vector<std::string>& warnings) {
  if (auto made = make_data_dir(settings.data_dir); !made) return made;
  if (!settings.secret_key.empty()) return {};
  if (!settings.secret_key_file.empty()) {
    const auto& path = settings.secret_key_file;
    const File file(path, O_RDONLY);
    if (!file) {
      return refuse("SECRET_KEY_FILE (" + path + ") cannot be read: " + reason(errno) + "; write the path of a file.");
    }
    struct stat info {};
    if (::fstat(file.fd(), &info) != 0 || S_ISDIR(info.st_mode))
      return refuse("SECRET_KEY_FILE (" + path + ") is not a file.");
    if ((info.st_mode & 007) != 0)
      warnings.push_back("SECRET_KEY_FILE (" + path + ") can be read by everybody on this machine.");
    auto secret = read_key_file(file);
    std::vector<std::string> problems;
    check_secret("SECRET_KEY_FILE (" + path + ")", secret, settings.algorithm, problems, warnings);
    if (!problems.empty()) return refuse(problems.front());
    settings.secret_key = std::move(secret);
    return {};
  }
  auto secret = load_or_make_secret(settings.data_dir);
  if (!secret) return secret.error();
  settings.secret_key = std::move(*secret);
  return {};
}

}  // namespace chat
