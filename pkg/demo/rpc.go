package demo

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
)

// grpcServer returns a server with the one method of u's service and the
// standard health service.
func (u *unit) grpcServer() *grpc.Server {
	srv := grpc.NewServer(grpc.UnaryInterceptor(u.traceUnary))
	do := u.reserve
	if u.service == payment {
		do = u.charge
	}
	srv.RegisterService(serviceDesc(u.service, do), nil)
	alive := health.NewServer()
	state := healthpb.HealthCheckResponse_SERVING
	if u.fault == FaultNotServing {
		state = healthpb.HealthCheckResponse_NOT_SERVING
	}
	alive.SetServingStatus("", state) // overall
	alive.SetServingStatus(rpcService(u.service), state)
	healthpb.RegisterHealthServer(srv, alive)
	return srv
}

func (u *unit) reserve(ctx context.Context, in *structpb.Struct) (*structpb.Struct, error) {
	work(ctx, 4*time.Millisecond)
	each := price(in.Fields["item"].GetStringValue())
	if each == 0 {
		return nil, status.Error(codes.NotFound, "no such item")
	}
	return u.answer(map[string]any{"cents": float64(each) * in.Fields["quantity"].GetNumberValue()})
}

func (u *unit) charge(ctx context.Context, in *structpb.Struct) (*structpb.Struct, error) {
	work(ctx, 12*time.Millisecond)
	return u.answer(map[string]any{"charged": in.Fields["cents"].GetNumberValue()})
}

// serviceDesc describes a service of one unary method by hand: two messages of
// a well-known type need no generated code.
func serviceDesc(service string, do func(context.Context, *structpb.Struct) (*structpb.Struct, error)) *grpc.ServiceDesc {
	handler := func(_ any, ctx context.Context, decode func(any) error, around grpc.UnaryServerInterceptor) (any, error) {
		in := new(structpb.Struct)
		if err := decode(in); err != nil {
			return nil, err
		}
		return around(ctx, in, &grpc.UnaryServerInfo{FullMethod: fullMethod(service)},
			func(ctx context.Context, _ any) (any, error) { return do(ctx, in) })
	}
	return &grpc.ServiceDesc{
		ServiceName: rpcService(service),
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: rpcMethod(service), Handler: handler}},
	}
}

func rpcService(service string) string {
	if service == payment {
		return "demo.Payment"
	}
	return "demo.Inventory"
}

func rpcMethod(service string) string {
	if service == payment {
		return "Charge"
	}
	return "Reserve"
}

func fullMethod(service string) string {
	return fmt.Sprintf("/%s/%s", rpcService(service), rpcMethod(service))
}
