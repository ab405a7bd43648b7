/** An API server accepts no request above 3 MiB, and etcd no pod above 1.5 MiB. */
export const maxBodyBytes = 3 * 1024 * 1024
