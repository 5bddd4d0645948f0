// Answers compared byte for byte with contract/golden/*.json (UPDATE_GOLDEN=1 rewrites).
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace chat {

inline void expect_golden(const std::string& name, const std::string& json) {
  const std::string path = std::string(CHATD_SOURCE_DIR "/contract/golden/") + name + ".json";
  if (std::getenv("UPDATE_GOLDEN")) std::ofstream(path) << json << '\n';
  std::ifstream file(path);
  const std::string golden{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_EQ(json + '\n', golden) << path;
}

}  // namespace chat
