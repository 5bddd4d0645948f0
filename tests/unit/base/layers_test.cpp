// The module table of docs/layers.txt, held against every #include of src/.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Modules = std::set<std::string>;
using Table = std::map<std::string, Modules>;  // module -> modules it may include

const fs::path kRoot = CHATD_SOURCE_DIR;

Table read_table() {
  Table table;
  std::ifstream file(kRoot / "docs/layers.txt");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(':');
    if (line.empty() || line[0] == '#' || colon == std::string::npos) continue;
    std::istringstream needs(line.substr(colon + 1));
    auto& row = table[line.substr(0, colon)];
    for (std::string need; needs >> need;) row.insert(need);
  }
  return table;
}

// Every file of a module, its hand-made ones only.
std::vector<fs::path> source_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "src")) {
    const auto extension = entry.path().extension();
    if (extension == ".cpp" || extension == ".hpp") files.push_back(fs::relative(entry.path(), kRoot / "src"));
  }
  std::sort(files.begin(), files.end());
  return files;
}

struct Include {
  std::string name;
  bool quoted = false;  // "..." rather than <...>
};

std::vector<Include> includes_of(const std::string& text) {
  static const std::regex directive(R"re((?:^|\n)[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">])re");
  std::vector<Include> found;
  for (std::sregex_iterator it(text.begin(), text.end(), directive), end; it != end; ++it) {
    found.push_back({(*it)[2], (*it)[1] == "\""});
  }
  return found;
}

std::string read(const fs::path& file) {
  std::ifstream in(kRoot / "src" / file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string module_of(const fs::path& file) {
  return std::distance(file.begin(), file.end()) > 1 ? file.begin()->string() : std::string();
}

// A library that belongs to some modules; `prefixes` is how its headers start.
struct Owned {
  const char* library;
  std::vector<std::string> prefixes;
  Modules owners;
};

const std::vector<Owned> kOwned = {
    {"libpq", {"libpq", "postgres", "postgresql/", "pg_config"}, {"storage"}},
    {"sqlite3", {"sqlite3"}, {"storage"}},
    {"argon2", {"argon2"}, {"auth"}},
    {"OpenSSL", {"openssl/", "boost/asio/ssl", "boost/beast/ssl"}, {"auth", "transport"}},
    {"Boost.JSON", {"boost/json"}, {"schema", "protocol"}},
};

// What is wrong with one include of one file: "" when nothing is. Pure, so that the rules are tested without files.
std::string fault(const fs::path& file, const Include& include, const Table& table) {
  const auto where = file.string() + " includes " + include.name;
  const auto module = module_of(file);
  if (include.name.find("..") != std::string::npos) return where + ": paths start at src/";
  const auto first = module_of(include.name);
  if (table.count(first) != 0) {
    if (!include.quoted) return where + ": our own headers are included with quotes";
    if (module.empty()) return first == "app" ? "" : where + ": main.cpp knows app alone";
    if (first == module) return "";
    return table.at(module).count(first) != 0 ? ""
                                              : where + ": docs/layers.txt does not let " + module + " see " + first;
  }
  for (const char* outside : {"tests", "fuzz", "bench", "tools", "gtest", "gmock", "benchmark"}) {
    if (first == outside) return where + ": src/ sees nothing of tests, fuzz or bench";
  }
  for (const auto& owned : kOwned) {
    const bool matches = std::any_of(owned.prefixes.begin(), owned.prefixes.end(),
                                     [&](const auto& prefix) { return include.name.rfind(prefix, 0) == 0; });
    if (matches && owned.owners.count(module) == 0) return where + ": " + owned.library + " has another room";
  }
  return "";
}

TEST(Layers, EveryIncludeIsAllowedByTheTable) {
  const auto table = read_table();
  ASSERT_FALSE(table.empty());
  const auto files = source_files();
  ASSERT_GT(files.size(), 20U);
  std::size_t seen = 0;
  for (const auto& file : files) {
    for (const auto& include : includes_of(read(file))) {
      EXPECT_EQ(fault(file, include, table), "");
      ++seen;
    }
  }
  EXPECT_GT(seen, files.size());  // the search does find includes
}

TEST(Layers, EveryLibraryOfTheTableIsUsedByEachOfItsOwners) {
  std::set<std::string> used;
  for (const auto& file : source_files())
    for (const auto& include : includes_of(read(file)))
      for (const auto& owned : kOwned)
        for (const auto& prefix : owned.prefixes)
          if (include.name.rfind(prefix, 0) == 0) used.insert(module_of(file) + " " + owned.library);
  for (const auto& owned : kOwned)
    for (const auto& owner : owned.owners)
      EXPECT_EQ(used.count(owner + " " + owned.library), 1U) << owner << " " << owned.library;
}

TEST(Layers, EveryFolderOfSrcHasItsRowInTheTable) {
  const auto table = read_table();
  for (const auto& entry : fs::directory_iterator(kRoot / "src")) {
    if (!entry.is_directory()) continue;
    EXPECT_EQ(table.count(entry.path().filename()), 1U) << entry.path();
  }
}

TEST(Layers, TheTableHasNoCycle) {
  const auto table = read_table();
  Modules done;
  std::vector<std::string> path;
  const std::function<void(const std::string&)> visit = [&](const std::string& module) {
    ASSERT_EQ(table.count(module), 1U) << module << " is named in docs/layers.txt but has no row";
    ASSERT_EQ(std::find(path.begin(), path.end(), module), path.end()) << module << " needs itself";
    if (!done.insert(module).second) return;
    path.push_back(module);
    for (const auto& need : table.at(module)) visit(need);
    path.pop_back();
  };
  for (const auto& row : table) visit(row.first);
}

TEST(Layers, TheCheckSeesWhatItIsToSee) {
  const Table table = {{"base", {}}, {"storage", {"base"}}, {"chat", {"base"}}, {"app", {"base", "chat", "storage"}}};
  EXPECT_EQ(fault("chat/rooms.cpp", {"base/ids.hpp", true}, table), "");
  EXPECT_EQ(fault("chat/rooms.cpp", {"chat/rooms.hpp", true}, table), "");
  EXPECT_EQ(fault("chat/rooms.cpp", {"vector", false}, table), "");
  EXPECT_EQ(fault("storage/sqlite/db.cpp", {"sqlite3.h", false}, table), "");
  EXPECT_EQ(fault("main.cpp", {"app/cli.hpp", true}, table), "");
  EXPECT_NE(fault("base/ids.cpp", {"chat/rooms.hpp", true}, table), "");
  EXPECT_NE(fault("chat/rooms.cpp", {"base/ids.hpp", false}, table), "");
  EXPECT_NE(fault("chat/rooms.cpp", {"../base/ids.hpp", true}, table), "");
  EXPECT_NE(fault("chat/rooms.cpp", {"sqlite3.h", false}, table), "");
  EXPECT_NE(fault("chat/rooms.cpp", {"boost/json.hpp", false}, table), "");
  EXPECT_NE(fault("chat/rooms.cpp", {"tests/support/world.hpp", true}, table), "");
  EXPECT_NE(fault("chat/rooms.cpp", {"gtest/gtest.h", false}, table), "");
  EXPECT_NE(fault("main.cpp", {"chat/rooms.hpp", true}, table), "");
  const auto found = includes_of("#pragma once\n#include <a/b.hpp>\n  #  include \"c.hpp\"\n// #include \"no.hpp\"\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].name, "a/b.hpp");
  EXPECT_FALSE(found[0].quoted);
  EXPECT_EQ(found[1].name, "c.hpp");
  EXPECT_TRUE(found[1].quoted);
}

}  // namespace
