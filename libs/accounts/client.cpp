// SPDX-License-Identifier: MIT
#include "libs/accounts/client.hpp"

#include "interfaces/process.hpp"
#include "interfaces/process_image.hpp"
#include "libs/ipc/names.hpp"

namespace accounts {

Result<Client> Client::open() {
    const ipc::Ref<process::Process> own(process::own_process);
    auto answer = ipc::call(own, process::GetService{}, {.payload = ipc::bytes("accounts")});
    if (!answer) {
        if (answer.error() == ipc::Failure{interfaces::Status::not_found})
            return std::unexpected(
                "this container may not ask about users (no PROFILE accounts in its Cluufile)");
        return std::unexpected("the process manager does not answer (" +
                               std::string(ipc::name_of(answer.error())) + ")");
    }
    return Client(answer->take<Accounts>());
}

Result<Said> Client::read(const Answer& answer, std::span<const std::byte> payload) {
    Texts texts;
    if (!texts.read(payload)) return std::unexpected("the answer is damaged");
    return Said{answer, std::string(texts[0]), std::string(texts[1]), std::string(texts[2])};
}

Result<Said> Client::explain(ipc::Failure failure) {
    if (failure == ipc::Failure{abi::Error::interrupted}) return std::unexpected("interrupted");
    if (failure == ipc::Failure{abi::Error::dead})
        return std::unexpected(std::string(server_ended));
    return std::unexpected("the server of users does not answer (" +
                           std::string(ipc::name_of(failure)) + ")");
}

}  // namespace accounts
