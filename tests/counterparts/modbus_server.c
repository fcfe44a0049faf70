/* A Modbus TCP slave on Debian's libmodbus, which the product does not use.
   usage: modbus_server PORT MAP [LOG]     (prints "ready PORT")
   LOG: holding registers 0 and 1 count the requests (uint32, most significant word first), and each is noted
   there with "MILLISECONDS PORT COUNT": when it came (since 1970), from which port of the client, its number.
   MAP rows: SPACE,ADDRESS,WORD with SPACE one of h (holding), i (input), c (coil), d (discrete input).
   Any unit id is answered from the same map; any number of clients at once. */
#include <arpa/inet.h>
#include <errno.h>
#include <modbus.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REGISTERS = 50000, BITS = 2000, CLIENTS = 8 };

static void load(const char *path, modbus_mapping_t *map) {
    FILE *file = fopen(path, "r");
    char space;
    int address, word;
    if (!file) { perror(path); exit(1); }
    while (fscanf(file, " %c,%d,%d", &space, &address, &word) == 3) {
        if (space == 'h' && address < REGISTERS) map->tab_registers[address] = (uint16_t)word;
        if (space == 'i' && address < REGISTERS) map->tab_input_registers[address] = (uint16_t)word;
        if (space == 'c' && address < BITS) map->tab_bits[address] = (uint8_t)word;
        if (space == 'd' && address < BITS) map->tab_input_bits[address] = (uint8_t)word;
    }
    fclose(file);
}

static void count(FILE *log, int client, modbus_mapping_t *map) {
    static uint32_t number;
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    struct timespec now;
    number++;
    map->tab_registers[0] = (uint16_t)(number >> 16);
    map->tab_registers[1] = (uint16_t)number;
    getpeername(client, (struct sockaddr *)&peer, &size);
    clock_gettime(CLOCK_REALTIME, &now);
    fprintf(log, "%lld %d %u\n", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000, ntohs(peer.sin_port), number);
    fflush(log);
}

int main(int argc, char **argv) {
    if (argc != 3 && argc != 4) { fprintf(stderr, "usage: modbus_server PORT MAP [LOG]\n"); return 2; }
    FILE *log = argc == 4 ? fopen(argv[3], "w") : NULL;
    modbus_t *context = modbus_new_tcp("127.0.0.1", atoi(argv[1]));
    modbus_mapping_t *map = modbus_mapping_new(BITS, BITS, REGISTERS, REGISTERS);
    load(argv[2], map);
    int listener = modbus_tcp_listen(context, CLIENTS);
    if (listener < 0) { perror("listen"); return 1; }
    struct sockaddr_in own;
    socklen_t size = sizeof own;
    getsockname(listener, (struct sockaddr *)&own, &size);
    printf("ready %d\n", ntohs(own.sin_port));
    fflush(stdout);

    fd_set open_ones;
    int highest = listener;
    FD_ZERO(&open_ones);
    FD_SET(listener, &open_ones);
    for (;;) {
        fd_set readable = open_ones;
        if (select(highest + 1, &readable, NULL, NULL, NULL) < 0) continue;
        for (int socket = 0; socket <= highest; socket++) {
            if (!FD_ISSET(socket, &readable)) continue;
            if (socket == listener) {
                int client = accept(listener, NULL, NULL);
                if (client < 0) continue;
                FD_SET(client, &open_ones);
                if (client > highest) highest = client;
                continue;
            }
            uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
            modbus_set_socket(context, socket);
            int length = modbus_receive(context, query);
            if (length > 0) {
                if (log) count(log, socket, map);
                modbus_reply(context, query, length, map);
            } else if (length < 0) {
                close(socket);
                FD_CLR(socket, &open_ones);
            }
        }
    }
}
