"""Access requests of the Hub protocol: doors to the commands of applications and grants, and no way round them."""
