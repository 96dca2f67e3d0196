// NetworkUsers: who else refers to subnets and security groups, so that none is deleted that is in
// use. Implemented by services/dax, asked by services/ec2. Thread-safety: safe from any thread.
#pragma once

#include <string_view>

#include "store/store.h"

namespace millrace::contracts {

class NetworkUsers {
public:
    virtual ~NetworkUsers() = default;
    // Whether something of the account and region refers to the subnet or security group. Reads
    // through the transaction, so that a reference that is made meanwhile is not overlooked.
    virtual bool uses(store::Txn& txn, std::string_view account, std::string_view region,
                      std::string_view id) = 0;
};

}  // namespace millrace::contracts
