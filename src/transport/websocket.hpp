// One WebSocket connection after its upgrade: frames in, frames out, liveness, closing.
//
// An idle one is this object and its stream: no coroutine, no buffer, no pending operation.
#pragma once

#include "transport/connection.hpp"
#include "transport/frame_codec.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace chat::transport {

class WebSocket;
using WebSocketPtr = boost::intrusive_ptr<WebSocket>;

using WebSocketOptions = ConnectionOptions;

class WebSocketHandler : public ConnectionHandler {
 public:
  virtual void on_text(std::string_view message) = 0;
  virtual void on_binary(std::string_view message) = 0;
};

class WebSocket final : public Connection {
 public:
  // Takes over a connection whose handshake is done. `handshake_answer` (may be empty) is sent first. `received` are
  // bytes that came glued to the upgrade. `options` and `loop` must outlive it. Calls on_open at once; frames come
  // later.
  static WebSocketPtr open(EventLoop& loop, std::unique_ptr<ByteStream> stream,
                           std::shared_ptr<WebSocketHandler> handler, const WebSocketOptions& options,
                           std::string_view handshake_answer, std::string received);

  void send_text(std::string_view message) { send_message(Opcode::text, message); }
  void send_binary(std::string_view message) { send_message(Opcode::binary, message); }

  void pause_reading() noexcept override;
  void resume_reading() override;
  bool reading_paused() const noexcept override { return paused_; }
  void limit_messages(std::size_t bytes) noexcept override { decoder_.set_max_message_bytes(bytes); }

 private:
  struct Kept;

  WebSocket(EventLoop& loop, std::unique_ptr<ByteStream> stream, std::shared_ptr<WebSocketHandler> handler,
            const WebSocketOptions& options, std::string_view handshake_answer);
  ~WebSocket() override;

  void read_some() override;
  void on_open_timer() override { check_life(); }
  std::string goodbye(std::uint16_t code, std::string_view reason) const override;
  void track_sent(const IovecList& list, std::size_t sent) override;
  void all_sent() override { tracker_.at_boundary(); }
  std::size_t rest_of_begun_frame() const override;
  void drop_input() noexcept override;

  void send_message(Opcode opcode, std::string_view payload);
  WebSocketHandler& messages() noexcept { return static_cast<WebSocketHandler&>(handler_now()); }
  void process(std::span<char>& bytes);
  void process_kept();
  void deliver(const FrameEvent& event);
  void check_life();
  void wait_for_silence(std::uint32_t silent);

  // First, so that they fill what the base leaves of its last word.
  bool paused_ : 1 = false;
  bool processing_ : 1 = false;
  bool resume_posted_ : 1 = false;
  bool awaiting_pong_ : 1 = false;
  FrameDecoder decoder_;
  FrameTracker tracker_;
  std::unique_ptr<Kept> kept_;  // received but not yet decoded, because reading is paused
};

}  // namespace chat::transport
