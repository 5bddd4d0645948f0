#include "config/data_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

namespace chat {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class DataDir : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/chatd-data-XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(root_); }

  static mode_t mode_of(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 07777;
  }

  std::string root_;
};

TEST_F(DataDir, IsMadeForItsOwnerAlone) {
  const auto dir = root_ + "/a/b/data";
  ASSERT_TRUE(make_data_dir(dir));
  EXPECT_EQ(mode_of(dir), 0700u);
  ASSERT_TRUE(make_data_dir(dir + "/")) << "again, and with a slash";
}

TEST_F(DataDir, KeepsTheModeOfOneThatIsThere) {
  chmod(root_.c_str(), 0750);
  ASSERT_TRUE(make_data_dir(root_));
  EXPECT_EQ(mode_of(root_), 0750u);
}

TEST_F(DataDir, ThatCannotBeIsOneSentence) {
  std::ofstream(root_ + "/file") << "x";
  EXPECT_THAT(make_data_dir(root_ + "/file").error().message,
              HasSubstr("DATA_DIR (" + root_ + "/file) is not a folder"));
  EXPECT_THAT(make_data_dir(root_ + "/file/below").error().message, HasSubstr("DATA_DIR"));
}

TEST_F(DataDir, ASecretIsMadeOnceAndKept) {
  const auto secret = load_or_make_secret(root_);
  ASSERT_TRUE(secret) << secret.error().message;
  EXPECT_EQ(secret->size(), 64u);
  EXPECT_EQ(mode_of(root_ + "/secret_key"), 0600u);
  EXPECT_EQ(*load_or_make_secret(root_), *secret);
  EXPECT_EQ(std::distance(fs::directory_iterator(root_), {}), 1) << "no draft is left behind";
}

TEST_F(DataDir, TwoFoldersHaveTwoSecrets) {
  fs::create_directory(root_ + "/x");
  fs::create_directory(root_ + "/y");
  EXPECT_NE(*load_or_make_secret(root_ + "/x"), *load_or_make_secret(root_ + "/y"));
}

TEST_F(DataDir, AllWhoRaceGetTheSameSecret) {
  for (int round = 0; round < 20; ++round) {
    const auto dir = root_ + "/" + std::to_string(round);
    fs::create_directory(dir);
    std::vector<std::string> got(8);
    std::vector<std::thread> threads;
    for (auto& secret : got) threads.emplace_back([&] { secret = *load_or_make_secret(dir); });
    for (auto& t : threads) t.join();
    EXPECT_EQ(std::set<std::string>(got.begin(), got.end()).size(), 1u);
  }
}

TEST_F(DataDir, ADamagedSecretIsNotReplacedBehindYourBack) {
  std::ofstream(root_ + "/secret_key") << "";
  EXPECT_THAT(load_or_make_secret(root_).error().message, HasSubstr("is damaged"));
  EXPECT_EQ(fs::file_size(root_ + "/secret_key"), 0u);
}

TEST_F(DataDir, ASecretOthersCouldReadIsClosedToThem) {
  std::ofstream(root_ + "/secret_key") << std::string(64, 'k') << "\n";
  chmod((root_ + "/secret_key").c_str(), 0644);
  EXPECT_EQ(*load_or_make_secret(root_), std::string(64, 'k'));
  EXPECT_EQ(mode_of(root_ + "/secret_key"), 0600u);
}

TEST_F(DataDir, PreparingFillsTheSecretFromWhereItIs) {
  std::vector<std::string> warnings;
  Settings given;
  given.data_dir = root_ + "/data";
  given.secret_key = "given in the environment";
  ASSERT_TRUE(prepare_data_dir(given, warnings));
  EXPECT_EQ(given.secret_key, "given in the environment");
  EXPECT_FALSE(fs::exists(given.data_dir + "/secret_key"));

  Settings made;
  made.data_dir = given.data_dir;
  ASSERT_TRUE(prepare_data_dir(made, warnings));
  EXPECT_EQ(made.secret_key.size(), 64u);

  Settings file;
  file.data_dir = given.data_dir;
  file.secret_key_file = root_ + "/key";
  std::ofstream(file.secret_key_file) << "a secret from a file\r\n";
  chmod(file.secret_key_file.c_str(), 0600);
  ASSERT_TRUE(prepare_data_dir(file, warnings));
  EXPECT_EQ(file.secret_key, "a secret from a file");
  EXPECT_THAT(warnings, testing::IsEmpty());
}

TEST_F(DataDir, ASecretFileIsCheckedAsTheSettingIs) {
  std::vector<std::string> warnings;
  Settings s;
  s.data_dir = root_;
  s.secret_key_file = root_ + "/key";
  EXPECT_THAT(prepare_data_dir(s, warnings).error().message, HasSubstr("cannot be read"));
  std::ofstream(s.secret_key_file) << "changeme";
  EXPECT_THAT(prepare_data_dir(s, warnings).error().message, HasSubstr("placeholder"));
  std::ofstream(s.secret_key_file) << "-----BEGIN PRIVATE KEY-----\nx\n";
  EXPECT_THAT(prepare_data_dir(s, warnings).error().message, HasSubstr("PEM"));
  std::ofstream(s.secret_key_file) << "";
  EXPECT_THAT(prepare_data_dir(s, warnings).error().message, HasSubstr("is empty"));
  s.secret_key_file = root_;
  EXPECT_THAT(prepare_data_dir(s, warnings).error().message, HasSubstr("is not a file"));
}

}  // namespace
}  // namespace chat
