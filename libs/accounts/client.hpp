// SPDX-License-Identifier: MIT
// Asking the server of users, from a program on the Linux library.
#pragma once

#include <expected>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "interfaces/accounts.hpp"
#include "libs/accounts/secret.hpp"
#include "libs/accounts/texts.hpp"
#include "libs/ipc/protocol.hpp"

namespace accounts {

// Errors are texts for the person.
template <class T>
using Result = std::expected<T, std::string>;

// The server of users ended before it answered. It comes back for who asks again.
inline constexpr std::string_view server_ended = "the server of users has ended; try again";

struct Said {
    Answer answer;
    std::string notice;  // about /etc/users.toml, or empty
    std::string first, second;
};

class Client {
public:
    // Only a container with the profile `accounts` is given one.
    static Result<Client> open();

    // The message page is wiped, however it ends.
    template <class Op>
    Result<Said> ask(const Op& operation, std::initializer_list<std::string_view> texts = {}) {
        Texts request;
        for (const std::string_view text : texts) {
            if (!request.add(text)) return std::unexpected("this is too long");
        }
        ipc::Options options{.interruptible = true};
        if constexpr (ipc::OperationTraits<Op>::payload != 0) {
            copy_unseen(request.payload(), ipc::message_page());
            options.payload = ipc::message_page().first(request.payload().size());
        }
        wipe_registers();  // this thread waits now, and may end before it runs for long again
        const auto answer = ipc::call(accounts_, operation, options);
        auto said = answer ? read(answer->reply, answer->payload) : explain(answer.error());
        wipe(ipc::message_page().data(), ipc::message_page().size());
        return said;
    }

private:
    explicit Client(ipc::Capability<Accounts> accounts) : accounts_(std::move(accounts)) {}
    static Result<Said> read(const Answer& answer, std::span<const std::byte> payload);
    static Result<Said> explain(ipc::Failure failure);

    ipc::Capability<Accounts> accounts_;
};

}  // namespace accounts
