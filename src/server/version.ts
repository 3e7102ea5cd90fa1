/** This product's own version. What clients read as the version of the API is `API_VERSION` in `system/`. */
export const VERSION = '0.1.0'
