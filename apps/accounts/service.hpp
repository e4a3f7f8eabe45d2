// SPDX-License-Identifier: MIT
// What the clients ask (interfaces/accounts.hpp), and the answers that must wait.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/accounts/attempts.hpp"
#include "apps/accounts/store.hpp"
#include "interfaces/clients.hpp"
#include "interfaces/process.hpp"
#include "libs/accounts/texts.hpp"
#include "libs/ipc/server.hpp"

namespace accounts {

class Service {
public:
    using Protocol = ipc::Operations<Become, Forget, SetPassword, AddUser, RemoveUser>;

    explicit Service(Store& store) : store_(store) {}

    ipc::Result<Answer> handle(const Become& become, ipc::Request& request);
    ipc::Result<Answer> handle(const Forget&, ipc::Request& request);
    ipc::Result<Answer> handle(const SetPassword& set, ipc::Request& request);
    ipc::Result<Answer> handle(const AddUser& add, ipc::Request& request);
    ipc::Result<Answer> handle(const RemoveUser&, ipc::Request& request);

    std::uint64_t deadline() const;
    void on_deadline();

private:
    // Who asks, and what.
    struct Call {
        std::uint64_t badge = 0;
        process::DescribeClient::Reply client;
        const User* user = nullptr;  // null: in no list
        Texts texts;
        std::uint64_t now = 0;
    };
    struct Decision {
        Outcome outcome = Outcome::done;
        std::string first, second;
        std::uint32_t user = 0, group = 0;
        std::uint64_t due = 0;  // 0: to be answered at once
    };
    // A right password, in the request's texts, whose hash does not need the TPM yet although there is one.
    struct Unbound {
        std::string user;
        std::string_view password;
    };
    // An answer that is held back.
    struct Waiting {
        std::uint64_t due = 0;
        ipc::PendingReply reply;
        Answer answer;
        std::string notice;
    };

    template <class Decide>
    ipc::Result<Answer> serve(ipc::Request& request, Decide decide);

    // ---- service.cpp: identities
    Decision become(const Become& become, const Call& call);
    // Done: he may administer, and has said lately who he is.
    Decision authorise(std::string_view password, std::string_view what, const Call& call);
    Decision change_client(const User& user, const Call& call);

    // ---- service_passwords.cpp
    Decision set_password(const SetPassword& set, const Call& call);
    // Done: it is this user who asks.
    Decision authenticate(const User* user, std::string_view password, const Call& call);
    void bind_password();

    // ---- service_users.cpp
    Decision add_user(const AddUser& add, const Call& call);
    Decision remove_user(const Call& call);
    [[nodiscard]] std::uint32_t free_id() const;
    // Changes the list, if an edit was possible.
    std::optional<Decision> commit(const std::optional<std::string>& text);

    static Decision refuse(std::string why);
    static std::string terminal_of(const Call& call);
    static std::string name_of(const Call& call);
    // For the log. Taken before the list changes: the user may be gone then.
    static std::string who(const Call& call);

    Store& store_;
    Attempts attempts_;
    Remembered remembered_;
    std::vector<Waiting> waiting_;
    std::optional<Unbound> unbound_;
};

// Of a clock that never goes back, in nanoseconds.
std::uint64_t now();

// What somebody else wrote, on one line of the log.
std::string printable(std::string_view text);

// A line on the system's log. The message page is not kept.
void log(const std::string& line);

}  // namespace accounts
