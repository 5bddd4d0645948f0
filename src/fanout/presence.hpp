// Who is in a feed right now: gathered from the shards' live subscriptions when somebody asks, and kept by nobody.
#pragma once

#include "model/ids.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace chat::fanout {

struct Presence {
  struct Client {
    std::string client;  // client_text() of its connection
    UserId user;
    std::string name;
  };
  std::vector<Client> list;  // not more than asked for
  std::size_t clients = 0;   // all of them
  std::size_t users = 0;
};

}  // namespace chat::fanout
