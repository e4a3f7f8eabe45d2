// SPDX-License-Identifier: MIT
// accounts: the server of users. It alone reads and writes /etc/users.toml, checks passwords, and makes a process
// another user's. procmgr starts it when somebody asks for it for the first time.
#include <sys/stat.h>
#include <unistd.h>

#include "apps/accounts/service.hpp"
#include "interfaces/clients.hpp"
#include "libs/ipc/names.hpp"

int main() {
    umask(077);
    accounts::Store store("/etc");
    accounts::Service service(store);
    const abi::Error why = ipc::serve<accounts::Service::Protocol>(
        ipc::Ref<ipc::Endpoint>(process::own_service), service);
    accounts::log("cannot receive: " + std::string(ipc::name_of(why)));
    return 1;
}
