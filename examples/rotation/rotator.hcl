# rotator.hcl
path "secret/data/app" { capabilities = ["read", "update"] }
path "secret/metadata/app" { capabilities = ["read", "patch"] }
path "secret/data/app.rotation" { capabilities = ["create", "read", "update"] }
path "secret/metadata/app.rotation" { capabilities = ["create", "read", "update"] }
path "secret/data/license" { capabilities = ["read"] }
path "secret/data/license.rotation" { capabilities = ["read"] }
path "sys/internal/ui/mounts/secret/*" { capabilities = ["read"] }
